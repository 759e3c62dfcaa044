import type { Note } from "./note.ts";
import { METHODS, type Policy } from "./policy.ts";
import { CoveringRoutes, inOrder, matchedRoutes, takesMethod } from "./route-cover.ts";

const NAMED_MOST = 10;

/** No routes at all, routes that wider ones before them leave nothing to or that name CONNECT, and routes that nobody answers for. */
export function routeNotes(policy: Policy, note: Note): void {
  if (policy.routes.length === 0) {
    const denied = policy.mode === "observe" ? "no request matches one" : "every request is denied";
    note("no_routes", ["routes"], `there are no routes: ${denied}`);
  }
  noteCovered(policy.routes, note);
  noteOtherPatterns(policy.routes, note);
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

/** How routers and regular expressions write a parameter. */
const OTHER_PATTERN = /^:[A-Za-z_]|\.\+/;

function noteOtherPatterns(routes: Policy["routes"], note: Note): void {
  for (const { index, route, pattern } of matchedRoutes(routes)) {
    const literals = pattern.segments.flatMap((segment) => (segment.kind === "literal" ? [segment.text] : []));
    const other = literals.find((text) => OTHER_PATTERN.test(text));
    if (other === undefined) continue;
    const message = `route ${route.name} takes "${other}" as it is written: {name} stands for exactly one segment`;
    note("path_literal", ["routes", index, "match", "path"], message);
  }
}

function noteCovered(routes: Policy["routes"], note: Note): void {
  const before = new CoveringRoutes();
  for (const one of matchedRoutes(routes)) {
    const { index, route, pattern } = one;
    const takers = before.of(route, pattern);
    before.add(one);
    if (!takers.every((ofHost) => route.methods.every((method) => takesMethod(ofHost, method)))) continue;
    const names = inOrder(takers.flat()).map((other) => other.route.name);
    const message = `route ${route.name} is never reached: ${names.join(", ")} before it takes every request that it matches`;
    note("route_covered", ["routes", index, "match"], message);
  }
}
