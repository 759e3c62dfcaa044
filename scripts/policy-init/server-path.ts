import { posix } from "node:path";
import { type Mapping, mapping } from "./mapping.ts";

/** Where the servers of an OpenAPI document, path or operation stand. */
export interface ServerPath {
  /** Path of the first one's URL, to be put before each path; empty: it is the root. */
  readonly base: string;
  /** What a user should know of it. */
  readonly notes: readonly string[];
}

/** Of the first list that has a server, from the innermost on: an operation's own take the place of those around it. */
export function serverPath(lists: readonly unknown[]): ServerPath {
  const servers = lists.filter(Array.isArray).find((list) => list.length > 0) ?? [];
  const [first, ...others] = servers.map(mapping).map(pathOf);
  if (first === undefined) return { base: "", notes: [] };
  const elsewhere = new Set(others.map(({ base }) => base).filter((base) => base !== first.base));
  const left = [...elsewhere].map(
    (base) => `servers at ${base || "/"} have no routes: the first one stands at ${first.base || "/"}`,
  );
  return { base: first.base, notes: [...first.notes, ...left] };
}

/** Variables have their defaults (OpenAPI 3 section "Server Variable Object"); of a URL whatever its scheme and host are. */
function pathOf({ url, variables }: Mapping): ServerPath {
  const notes: string[] = [];
  const defaultOf = (written: string, name: string) => {
    const value = mapping(mapping(variables)[name]).default;
    if (typeof value !== "string") return written;
    notes.push(`${written} of a server is taken to be its default, "${value}"`);
    return value;
  };
  // A variable at the beginning may stand for all of a URL.
  const whole = String(url ?? "").replace(/^\{([^{}]*)\}(?=\/|$)/, defaultOf);
  const place = whole.replace(/^([^/?#]*:)?\/\/[^/?#]*/, "");
  const path = place.replace(/[?#].*$/s, "").replaceAll(/\{([^{}]*)\}/g, defaultOf);
  const base = posix.resolve("/", path);
  return { base: base === "/" ? "" : base, notes };
}
