import type { PolicyDocument } from "./document.ts";
import type { Policy } from "./policy.ts";

/** Something worth knowing about a valid policy. `line` and `column` count from 1. */
export interface PolicyNote {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The grants that have expired at `now` (Unix seconds): they decide nothing any more. */
export function expiredGrants(document: PolicyDocument, policy: Policy, now: number): PolicyNote[] {
  const notes: PolicyNote[] = [];
  for (const [index, route] of policy.routes.entries()) {
    for (const list of ["allow", "deny"] as const) {
      for (const [item, { id, owner, reason, expiresAt }] of route[list].entries()) {
        if (expiresAt === null || expiresAt > now) continue;
        const at = document.locate(["routes", index, list, item, "expires"]);
        const since = new Date(expiresAt * 1000).toISOString();
        const whose = [owner && `owner ${owner}`, reason && `reason: ${reason}`].filter(Boolean).join("; ");
        const message = `grant ${id} has expired (${since}) and decides nothing${whose && `; ${whose}`}`;
        notes.push({ file: document.file, ...at, message });
      }
    }
  }
  return notes;
}

export function formatNote({ file, line, column, message }: PolicyNote): string {
  return `${file}:${line}:${column}: note: ${message}`;
}
