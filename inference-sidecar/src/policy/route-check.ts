import type { PolicyDocument } from "./document.ts";
import { checkGrants } from "./grant-check.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parsePathPattern, shapeOf } from "./path-pattern.ts";
import { DEFAULT_MODE, METHODS, MODES } from "./policy.ts";
import { methodBits } from "./route-tree.ts";
import { parseDuration, parseSize } from "./units.ts";
import { hasGaps, type Partly, type WrittenPolicy, type WrittenRoute } from "./written-policy.ts";

type Context = { readonly document: PolicyDocument; readonly policy: Partly<WrittenPolicy> };
type Route = Partly<WrittenRoute>;

/** Reports what no single field of a route shows, route by route. */
export function checkRoutes(context: Context): void {
  const names = new Map<string, number>();
  for (const [index, route] of (context.policy.routes ?? []).entries()) {
    if (!route) continue;
    const first = route.name === undefined ? undefined : names.get(route.name);
    if (route.name !== undefined && first === undefined) names.set(route.name, index);
    if (first !== undefined) {
      const message = `name "${route.name}" is also that of route ${first + 1}`;
      context.document.report("duplicate_route", ["routes", index, "name"], message, "a name of its own");
    }
    checkMatch(context, route, index);
    checkAccess(context, route, index);
    checkScore(context, route, index);
    checkLadder(context, route, index);
  }
}

function checkMatch({ document }: Context, { match }: Route, index: number): void {
  for (const [item, host] of (match?.hosts ?? []).entries()) {
    const parsed = host === undefined ? { host } : parseHostPattern(host);
    if ("host" in parsed) continue;
    document.report("host_pattern", ["routes", index, "match", "hosts", item], `"${host}"`, parsed.expected);
  }
  const pattern = match?.path === undefined ? null : parsePathPattern(match.path);
  if (pattern && "message" in pattern) {
    document.report("path_pattern", ["routes", index, "match", "path"], pattern.message, pattern.expected);
  }
}

function checkAccess(context: Context, route: Route, index: number): void {
  const { document } = context;
  const restricted = "allow" in route;
  if (route.public === true && restricted) {
    const expected = "`public: true` or `allow`, not both";
    document.report(
      "route_access",
      ["routes", index, "allow"],
      "the route is public, so nobody needs a grant",
      expected,
      "key",
    );
  }
  if (!restricted && !route.public && !hasGaps(route)) {
    const message = "nobody may use this route";
    document.report("route_access", ["routes", index], message, "`public: true`, or `allow` with a grant");
  }
  checkGrants(document, context.policy, route, ["routes", index]);
}

function checkScore({ document }: Context, { score }: Route, index: number): void {
  if (typeof score !== "object") return;
  const deadline = score.deadline === undefined ? 1 : parseDuration(score.deadline);
  if (deadline === null || deadline < 1 || deadline > 30_000) {
    document.report("out_of_range", ["routes", index, "score", "deadline"], `deadline ${score.deadline}`, "1ms to 30s");
  }
  const size = score.maxBody === undefined ? 1 : parseSize(score.maxBody);
  if (size === null || size < 1 || size > 256 * 1024) {
    document.report("out_of_range", ["routes", index, "score", "maxBody"], `size ${score.maxBody}`, "1B to 256KiB");
  }
}

/** A route begins on its `mode`, which must be one of its rungs. */
function checkLadder({ document, policy }: Context, { ladder, mode }: Route, index: number): void {
  const start = MODES.indexOf(mode ?? policy.mode ?? DEFAULT_MODE);
  for (const end of ["floor", "ceiling"] as const) {
    const written = ladder?.[end];
    if (written === undefined) continue;
    const wrong = end === "floor" ? MODES.indexOf(written) > start : MODES.indexOf(written) < start;
    const message = `the route begins on ${MODES[start]}, which is ${end === "floor" ? "below" : "above"} its ${end}`;
    if (wrong)
      document.report("ladder", ["routes", index, "ladder", end], message, "a ladder that has the route's mode");
  }
}

/** Reports routes to which earlier ones with the same path shape leave no host and method. Patterns must be sound. */
export function checkReachable(document: PolicyDocument, routes: readonly WrittenRoute[]): void {
  const taken = new Map<string, number>();
  for (const [index, { match }] of routes.entries()) {
    const pattern = parsePathPattern(match.path);
    if ("message" in pattern) continue;
    const shape = shapeOf(pattern);
    const methods = methodBits(match.methods ?? METHODS);
    const anyHost = taken.get(shape) ?? 0;
    let left = 0;
    for (const host of match.hosts?.map((name) => name.toLowerCase()) ?? [""]) {
      const key = `${host} ${shape}`.trimStart();
      left |= methods & ~(taken.get(key) ?? 0) & ~anyHost;
      taken.set(key, (taken.get(key) ?? 0) | methods);
    }
    if (left !== 0) continue;
    const message = "earlier routes take every request that this one matches";
    document.report("route_unreachable", ["routes", index, "match"], message, "another match, or no such route");
  }
}
