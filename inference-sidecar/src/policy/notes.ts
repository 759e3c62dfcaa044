import type { Thresholds } from "../bundle.ts";
import { apiKeyNotes } from "./api-key-notes.ts";
import type { PolicyDocument } from "./document.ts";
import { grantNotes } from "./grant-notes.ts";
import { ladderNotes } from "./ladder-notes.ts";
import type { Note, PolicyNote } from "./note.ts";
import { openNotes } from "./open-notes.ts";
import type { Policy } from "./policy.ts";
import { revocationNotes } from "./revocation-notes.ts";
import { routeNotes } from "./route-notes.ts";
import { stepUpNotes } from "./step-up-notes.ts";
import { trustBundleNotes } from "./trust-bundle-notes.ts";

/**
 * What is no problem of the policy at `now` (Unix seconds), and should be known, in the order of the file.
 * @param thresholds of the bundle; null: it is not known
 */
export function notesOf(
  document: PolicyDocument,
  policy: Policy,
  now: number,
  thresholds: Thresholds | null,
): PolicyNote[] {
  const notes: PolicyNote[] = [];
  const note: Note = (code, at, message) => notes.push({ file: document.file, ...document.locate(at), message, code });
  trustBundleNotes(policy, note);
  apiKeyNotes(policy, now, note);
  revocationNotes(policy, note);
  routeNotes(policy, note);
  openNotes(policy, note);
  ladderNotes(policy, note);
  grantNotes(policy, now, note);
  if (thresholds !== null) stepUpNotes(policy, thresholds, note);
  return notes.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
