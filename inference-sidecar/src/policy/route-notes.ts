import type { Note } from "./note.ts";
import { type PathPattern, parsePathPattern } from "./path-pattern.ts";
import { METHODS, type Policy, type Route } from "./policy.ts";

const NAMED_MOST = 10;

/** No routes at all, routes that wider ones before them leave nothing to or that name CONNECT, and routes that nobody answers for. */
export function routeNotes(policy: Policy, note: Note): void {
  if (policy.routes.length === 0) {
    const denied = policy.mode === "observe" ? "no request matches one" : "every request is denied";
    note("no_routes", ["routes"], `there are no routes: ${denied}`);
  }
  noteCovered(policy.routes, note);
  for (const [index, { name, methods }] of policy.routes.entries()) {
    if (!methods.includes("CONNECT") || methods.length === METHODS.length) continue;
    const message = `route ${name} names CONNECT, whose requests have no path: no route takes them`;
    note("route_for_connect", ["routes", index, "match", "methods"], message);
  }
  const orphans = policy.routes.filter(({ owner }) => owner === "").map(({ name }) => name);
  if (orphans.length === 0) return;
  const more = orphans.length > NAMED_MOST ? ` and ${orphans.length - NAMED_MOST} more` : "";
  const message = `without an \`owner\`: ${orphans.slice(0, NAMED_MOST).join(", ")}${more}`;
  note("route_without_owner", ["routes"], message);
}

interface Earlier {
  readonly route: Route;
  readonly pattern: PathPattern;
}

/** Earlier routes are found by their first segment, so that many routes cost little. */
function noteCovered(routes: readonly Route[], note: Note): void {
  const byFirst = new Map<string, Earlier[]>();
  for (const [index, route] of routes.entries()) {
    const pattern = parsePathPattern(route.path);
    if ("message" in pattern) continue;
    const first = firstOf(pattern);
    const candidates = [...(byFirst.get(first) ?? []), ...(first === ANY ? [] : (byFirst.get(ANY) ?? []))];
    const covering = candidates.filter((one) => coversPath(one.pattern, pattern) && coversHosts(one.route, route));
    const left = route.methods.filter((method) => !covering.some((one) => one.route.methods.includes(method)));
    if (left.length === 0) {
      const names = covering.map((one) => one.route.name).join(", ");
      const message = `route ${route.name} is never reached: ${names} before it takes every request that it matches`;
      note("route_covered", ["routes", index, "match"], message);
    }
    byFirst.set(first, [...(byFirst.get(first) ?? []), { route, pattern }]);
  }
}

const ANY = "{}";

function firstOf({ segments: [first] }: PathPattern): string {
  return first?.kind === "literal" ? `=${first.text}` : ANY;
}

function coversPath(outer: PathPattern, inner: PathPattern): boolean {
  if (inner.segments.length < outer.segments.length) return false;
  if (!outer.rest && (inner.rest || inner.segments.length > outer.segments.length)) return false;
  return outer.segments.every((segment, index) => {
    const other = inner.segments[index];
    if (segment.kind === "parameter") return other?.kind === "parameter" || other?.text !== "";
    return other?.kind === "literal" && other.text === segment.text;
  });
}

function coversHosts(outer: Route, inner: Route): boolean {
  if (outer.hosts.length === 0) return true;
  return inner.hosts.length > 0 && inner.hosts.every((host) => outer.hosts.some((one) => coversHost(one, host)));
}

function coversHost(outer: string, inner: string): boolean {
  return outer === inner || (outer.startsWith("*.") && inner.endsWith(outer.slice(1)));
}
