import type { Note } from "./note.ts";
import { type PathPattern, shapeOf } from "./path-pattern.ts";
import type { Policy } from "./policy.ts";
import { CoveringRoutes, inOrder, type MatchedRoute, matchedRoutes, takesMethod } from "./route-cover.ts";

const NAMED_MOST = 10;
/** Browsers ask by it for every path, without credentials. */
const PREFLIGHT = "OPTIONS";
const SLASH = { kind: "literal", text: "" } as const;

/** Requests that go to a public route, and were perhaps meant for a restricted one. */
export function openNotes({ routes }: Policy, note: Note): void {
  const matched = matchedRoutes(routes);
  const restricted = matched.filter(({ route }) => !route.public);
  notePartlyPublic(matched, note);
  noteSlashes(matched, restricted, note);
}

/** Restricted routes of which a wider one before them makes some methods public. */
function notePartlyPublic(matched: readonly MatchedRoute[], note: Note): void {
  const open = new CoveringRoutes();
  for (const one of matched) {
    const { index, route, pattern } = one;
    if (route.public) {
      open.add(one);
      continue;
    }
    const shape = shapeOf(pattern);
    const wider = open.of(route, pattern).map((ofHost) => ofHost.filter((other) => shapeOf(other.pattern) !== shape));
    const methods = route.methods.filter((method) => wider.every((ofHost) => takesMethod(ofHost, method)));
    if (!methods.some((method) => method !== PREFLIGHT) || methods.length === route.methods.length) continue;
    const names = inOrder(wider.flat()).map((other) => other.route.name);
    const message = `route ${route.name} is restricted, but public for ${methods.join(", ")}: ${names.join(", ")} before it has a wider path`;
    note("route_partly_public", ["routes", index, "match"], message);
  }
}

/** Many servers take `/admin/` for `/admin`; here it is another path, and perhaps of a public route. */
function noteSlashes(matched: readonly MatchedRoute[], restricted: readonly MatchedRoute[], note: Note): void {
  const slashed = new CoveringRoutes();
  for (const one of matched) if (one.pattern.rest || isSlashed(one.pattern)) slashed.add(one);
  const names = new Map<MatchedRoute, string[]>();
  for (const one of restricted) {
    const { pattern, route } = one;
    if (pattern.rest || isSlashed(pattern)) continue;
    const behind = slashed.of(route, { segments: [...pattern.segments, SLASH], rest: false });
    const takers = route.methods.flatMap((method) =>
      behind.map((ofHost) => ofHost.find((other) => takesMethod([other], method))),
    );
    const taker = takers.find((other) => other?.route.public);
    if (taker === undefined) continue;
    const known = names.get(taker);
    if (known === undefined) names.set(taker, [route.name]);
    else known.push(route.name);
  }
  for (const [taker, all] of names) {
    const more = all.length > NAMED_MOST ? ` and ${all.length - NAMED_MOST} more` : "";
    const message = `with a slash behind it the path of ${all.slice(0, NAMED_MOST).join(", ")}${more} is public, by route ${taker.route.name}`;
    note("route_slash_public", ["routes", taker.index, "match"], message);
  }
}

function isSlashed({ segments }: PathPattern): boolean {
  const last = segments.at(-1);
  return last?.kind === "literal" && last.text === "";
}
