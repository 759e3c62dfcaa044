import type { Note } from "./note.ts";
import type { Policy } from "./policy.ts";

/** What is worth knowing of routes that can stand on `adapt`, or move. */
export function ladderNotes(policy: Policy, note: Note): void {
  for (const [index, { name, mode, ladder }] of policy.routes.entries()) {
    const at = ["routes", index];
    if (ladder.ceiling === "adapt") {
      const message = `route ${name}: in this version adapt differs from prevent by the model's threshold and nothing else`;
      note("route_adapts", at, message);
    }
    const learns = mode === "adapt" || ladder.floor !== ladder.ceiling;
    if (!learns || policy.operators.length > 0) continue;
    const message = `route ${name}: without operators nothing is reviewed, so that all findings count as false`;
    note("route_without_review", at, message);
  }
}
