import type { CompletionLine, LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import type { Review } from "../../inference-sidecar/src/review/reviews.ts";
import { isCompletion, isRecord, readLogLines } from "./read.ts";

/** What the log has of a decision. */
export interface FoundDecision {
  /** With its completion, as far as that is there. */
  readonly decision: LogRecord;
  /** The one that stands; null: there is none, or it was withdrawn. */
  readonly review: Review | null;
}

/** One reading of the log to its end, since a review may come at any time. Null: it has no such decision. */
export async function findDecision(stateDirectory: string, id: string): Promise<FoundDecision | null> {
  let decision: LogRecord | null = null;
  let review: Review | null = null;
  for await (const line of readLogLines(stateDirectory, id)) {
    if (isRecord(line)) decision = withLine(decision, line, id);
    const said = line.review as (Review & { readonly undone?: boolean }) | undefined;
    if (said?.id === id) review = said.undone ? null : said;
  }
  return decision && { decision, review };
}

/** The first decision of that id, with the first response that is told of it. */
function withLine(found: LogRecord | null, line: LogRecord | CompletionLine, id: string): LogRecord | null {
  if (!isCompletion(line)) return found ?? (line.id === id ? line : null);
  if (found === null || found.response !== null || line.completes !== id) return found;
  return { ...found, response: line.response };
}
