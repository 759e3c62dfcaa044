import { join } from "node:path";
import { parseLine } from "../../inference-sidecar/src/decision-log/chain.ts";
import { readLines } from "../../inference-sidecar/src/decision-log/lines.ts";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import type { CompletionLine, LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";

/** Paths of the decision log's files, oldest first. @throws Error a state folder without a log */
async function logPaths(stateDirectory: string): Promise<string[]> {
  const folder = join(stateDirectory, "log");
  const names = await logFiles(folder).catch((error: Error) => {
    throw new Error(
      `${fileErrorText(error)}. Give the folder of the gateway's state with --state DIR (default ./.postern).`,
    );
  });
  return names.map((name) => join(folder, name));
}

/**
 * Every line of the log, of whatever kind, oldest first; one that is none (it may be torn) is passed over.
 * @param part only lines that this text stands in: to look for it is much quicker than to parse
 */
export async function* readLogLines(stateDirectory: string, part = ""): AsyncGenerator<Record<string, unknown>> {
  for (const file of await logPaths(stateDirectory)) {
    for await (const { text } of readLines(file)) {
      const line = text.includes(part) ? parseLine(text) : null;
      if (line !== null) yield line;
    }
  }
}

/** Every decision of the log and every completion that came after its decision, oldest first. Other lines are passed over. */
export async function* readLog(stateDirectory: string): AsyncGenerator<LogRecord | CompletionLine> {
  for await (const line of readLogLines(stateDirectory)) if (isRecord(line)) yield line;
}

/** A decision or a completion. */
export function isRecord(line: object): line is LogRecord | CompletionLine {
  return ("id" in line && "effect" in line) || ("completes" in line && "response" in line);
}

/** Every decision on a request of a client, oldest first, as it was when it was made. */
export async function* readDecisions(stateDirectory: string): AsyncGenerator<LogRecord> {
  for await (const line of readLog(stateDirectory)) if (!isCompletion(line) && !isProbe(line)) yield line;
}

/** A probe of the self-test. */
export function isProbe(line: LogRecord): boolean {
  return line.selfTest === true;
}

export function isCompletion(line: LogRecord | CompletionLine): line is CompletionLine {
  return "completes" in line;
}
