import type { Review } from "../../inference-sidecar/src/review/reviews.ts";
import { readLogLines } from "./read.ts";

/** The review of a decision that stands, as the log has it; null: there is none, or it was withdrawn. */
export async function findReview(stateDirectory: string, id: string): Promise<Review | null> {
  let found: Review | null = null;
  for await (const { review } of readLogLines(stateDirectory, id)) {
    const said = review as (Review & { readonly undone?: boolean }) | undefined;
    if (said?.id === id) found = said.undone ? null : said;
  }
  return found;
}
