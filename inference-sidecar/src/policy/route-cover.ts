import { type PathPattern, parsePathPattern } from "./path-pattern.ts";
import type { Route } from "./policy.ts";

/** A route with its path, read. */
export interface MatchedRoute {
  /** In the policy. */
  readonly index: number;
  readonly route: Route;
  readonly pattern: PathPattern;
}

/** The routes of a policy, in their order. */
export function matchedRoutes(routes: readonly Route[]): MatchedRoute[] {
  return routes.flatMap((route, index) => {
    const pattern = parsePathPattern(route.path);
    return "message" in pattern ? [] : [{ index, route, pattern }];
  });
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  readonly ends: MatchedRoute[];
  readonly rests: MatchedRoute[];
}

/** Routes by the segments of their paths, so that those which cover one of many are found at little cost. */
export class CoveringRoutes {
  readonly #root = emptyNode();

  add(one: MatchedRoute): void {
    let node = this.#root;
    for (const segment of one.pattern.segments) {
      const known = segment.kind === "literal" ? node.literals.get(segment.text) : node.parameter;
      const next = known ?? emptyNode();
      if (segment.kind === "literal") node.literals.set(segment.text, next);
      else node.parameter = next;
      node = next;
    }
    (one.pattern.rest ? node.rests : node.ends).push(one);
  }

  /** Those of which every path of `inner` is one, in the policy's order. */
  of(inner: PathPattern): MatchedRoute[] {
    const found: MatchedRoute[] = [];
    let nodes = [this.#root];
    for (const segment of inner.segments) {
      found.push(...nodes.flatMap(({ rests }) => rests));
      const text = segment.kind === "literal" ? segment.text : null;
      const next = nodes.flatMap(({ literals, parameter }) => [
        text === null ? undefined : literals.get(text),
        text === "" ? undefined : parameter,
      ]);
      nodes = next.filter((node) => node !== undefined && node !== null);
    }
    found.push(...nodes.flatMap(({ rests, ends }) => (inner.rest ? rests : [...rests, ...ends])));
    return found.toSorted((a, b) => a.index - b.index);
  }
}

function emptyNode(): Node {
  return { literals: new Map(), parameter: null, ends: [], rests: [] };
}

/** Its hosts; an empty one stands for any. */
export function hostsOf({ hosts }: Route): readonly string[] {
  return hosts.length === 0 ? [""] : hosts;
}

/** Whether the route takes each name of a host pattern. */
export function coversHost({ hosts }: Route, inner: string): boolean {
  return (
    hosts.length === 0 || hosts.some((one) => one === inner || (one.startsWith("*.") && inner.endsWith(one.slice(1))))
  );
}
