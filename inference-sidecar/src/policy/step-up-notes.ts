import type { Thresholds } from "../bundle.ts";
import type { Note } from "./note.ts";
import type { Policy } from "./policy.ts";

const MILLION = 1_000_000;

/** Steps up by a score that denies by itself: a request with it is let in by no token. */
export function stepUpNotes({ routes }: Policy, { denyAlone, modelDeny }: Thresholds, note: Note): void {
  for (const [index, { name, ladder, score, stepUp }] of routes.entries()) {
    const from = stepUp.fromMillionths;
    if (from === null || score.inspect === "off") continue;
    const byPolicy = score.thresholds?.modelDeny ?? modelDeny;
    // On `adapt` reviews lead at most half the way to certainty (`filter/screen/screen.ts`).
    const denies = ladder.ceiling === "adapt" ? byPolicy + (MILLION - byPolicy) / 2 : byPolicy;
    if (from < denies) continue;
    const alone = score.thresholds?.denyAlone ?? denyAlone;
    const but = score.onUnavailable === "open" && from < alone ? " but while the model is away" : "";
    const message = `route ${name}: fromScore ${percent(from)} asks nobody for more${but}: from ${percent(denies)} on the score denies`;
    note("step_up_never_asked", ["routes", index, "stepUp", "fromScore"], message);
  }
}

function percent(millionths: number): string {
  return `${millionths / 10_000}%`;
}
