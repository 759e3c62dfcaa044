import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";

/** Paths of the decision log's files, oldest first. @throws Error a state folder without a log */
async function logPaths(stateDirectory: string): Promise<string[]> {
  const folder = join(stateDirectory, "log");
  const names = await logFiles(folder).catch(() => null);
  if (!names) {
    throw new Error(
      `${folder} does not exist. Give the folder of the gateway's state with --state DIR (default ./.postern).`,
    );
  }
  return names.map((name) => join(folder, name));
}

/** Every decision of the log, oldest first. Lines that are no decision (a write that was cut off) are passed over. */
export async function* readDecisions(stateDirectory: string): AsyncGenerator<LogRecord> {
  for (const file of await logPaths(stateDirectory)) {
    const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      const decision = parseDecision(line);
      if (decision) yield decision;
    }
  }
}

function parseDecision(line: string): LogRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "id" in value && "effect" in value
      ? (value as LogRecord)
      : null;
  } catch {
    return null;
  }
}
