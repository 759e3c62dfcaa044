import { existsSync } from "node:fs";
import type { Note } from "./note.ts";
import type { Policy } from "./policy.ts";

/** A file of revocations that is not there, and what is said of a stale list where none is ever stale. */
export function revocationNotes({ revocation, routes }: Policy, note: Note): void {
  if (revocation?.file && !existsSync(revocation.file)) {
    const message = `${revocation.file} is not there: until it is, nothing that it should say is revoked, and once the list is too old valid tokens get 503`;
    note("revocation_file_missing", ["revocation", "file"], message);
  }
  if (revocation) return;
  for (const [index, { name, onStaleRevocation }] of routes.entries()) {
    if (onStaleRevocation !== "open") continue;
    const message = `route ${name}: without \`revocation\` at the top level the age of the list does not matter`;
    note("stale_revocation_unused", ["routes", index, "onStaleRevocation"], message);
  }
}
