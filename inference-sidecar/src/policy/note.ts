import { printable } from "../decision-log/printable.ts";
import type { Path } from "./document.ts";

/** Everything that is worth knowing about a valid policy, by stable code. `docs/policy.md` lists the same. */
export const NOTE_CODES = {
  grant_expired: "a grant has expired",
  grant_never_used: "an earlier grant of the route, or a deny, takes everything that a grant allows",
  api_key_expired: "an API key has expired",
  api_key_unused: "no grant names an API key",
  authority_of_many: "an authority of the trust bundle can speak for several trust domains",
  revocation_file_missing: "the file of revocations is not there",
  stale_revocation_unused: "a route says what a stale list of revocations means, and none is ever stale",
  no_routes: "there are no routes",
  route_covered: "earlier routes with wider matches leave nothing to a route",
  path_literal: "a segment of a path reads like another language's parameter, and is taken as it is written",
  route_partly_public: "a public route with a wider path takes some methods of a restricted one",
  route_slash_public: "a public route takes the paths of restricted ones with a slash behind them",
  route_for_connect: "a route names CONNECT, whose requests have no path, so that no route takes them",
  route_without_owner: "routes name nobody who answers for them",
  route_adapts: "a route can stand on adapt, which differs from prevent by the model's threshold only",
  route_without_review: "a route can move or learn, and nobody can review its events",
  step_up_never_asked: "a route asks for a stronger token from a score on that is denied anyway",
} as const;

export type NoteCode = keyof typeof NOTE_CODES;

/** `line` and `column` count from 1. */
export interface PolicyNote {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly code: NoteCode;
}

/** Takes a note about the place in the document. */
export type Note = (code: NoteCode, at: Path, message: string) => void;

export function formatNote({ file, line, column, message, code }: PolicyNote): string {
  return printable(`${file}:${line}:${column}: note: ${message} [${code}]`, 2000);
}
