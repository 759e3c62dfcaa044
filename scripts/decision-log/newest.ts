import type { CompletionLine, LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { isCompletion, isProbe } from "./read.ts";

/** So many at once are let go of: each by itself would move all that stay. */
const SPARE = 1_000;

/** The newest of the wanted decisions on requests of clients, `limit` at most, with their responses; oldest first, as the lines are. */
export async function newestDecisions(
  lines: AsyncIterable<LogRecord | CompletionLine>,
  wanted: (decision: LogRecord) => boolean,
  limit: number,
): Promise<LogRecord[]> {
  const newest: LogRecord[] = [];
  /** Those of them whose streams had not ended, by id. */
  const open = new Map<string, LogRecord>();
  for await (const line of lines) {
    if (isCompletion(line)) {
      const decision = open.get(line.completes);
      if (decision !== undefined) decision.response = line.response;
      open.delete(line.completes);
    } else if (wanted(line) && !isProbe(line)) {
      newest.push(line);
      if (line.response === null) open.set(line.id, line);
      if (newest.length === limit + SPARE) for (const { id } of newest.splice(0, SPARE)) open.delete(id);
    }
  }
  return newest.slice(-limit);
}
