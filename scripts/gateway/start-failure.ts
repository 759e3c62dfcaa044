import { open, stat } from "node:fs/promises";

const tailBytes = 4_096;
const tailLines = 12;

interface Logged {
  readonly name: string;
  /** Null: what it says goes where this process's own does. */
  readonly logFile: string | null;
}

/** Bytes in the program's log now, so that only what a start adds is shown. */
export async function logSize({ logFile }: Logged): Promise<number> {
  if (logFile === null) return 0;
  return stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The error of a program that did not come up, with the last lines it wrote since its log had `from` bytes. */
export async function startFailure({ name, logFile }: Logged, from: number): Promise<Error> {
  if (logFile === null) return new Error(`${name} did not start; what it said stands above.`);
  const file = await open(logFile);
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - start)), 0, null, start);
    const text = buffer.toString("utf8", 0, bytesRead).trim();
    if (text === "") return new Error(`${name} did not start, and said nothing. Try again; its log is ${logFile}.`);
    const lines = text.split("\n").slice(-tailLines);
    return new Error(
      `${name} did not start. It said:\n${lines.map((line) => `  ${line}`).join("\n")}\nAll of it is in ${logFile}.`,
    );
  } finally {
    await file.close();
  }
}
