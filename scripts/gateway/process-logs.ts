import { copyFile, stat, truncate } from "node:fs/promises";
import type { StateFolder } from "./state.ts";

const longestBytes = 32 * 1024 * 1024;
const everyMillis = 10_000;

/**
 * Keeps the processes' own logs bounded: one that has grown too long becomes `NAME.1`, in the place of the one before.
 * Their writers append and keep the file open, so it is copied and cut; what is written between the two is lost.
 */
export function boundProcessLogs(
  { accessLog, envoyLog, sidecarLog }: StateFolder,
  report: (line: string) => void,
): { close(): Promise<void> } {
  const paths = [accessLog, sidecarLog, ...(envoyLog === null ? [] : [envoyLog])];
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = Promise.all(paths.map((path) => turnOver(path, longestBytes))).catch((error: Error) =>
      report(`the logs could not be turned over: ${error.message}`),
    );
  }, everyMillis).unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Whether the file had grown to `bytes`, and was turned over. @throws the error of the file system */
export async function turnOver(path: string, bytes: number): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size < bytes) return false;
  await copyFile(path, `${path}.1`);
  await truncate(path);
  return true;
}
