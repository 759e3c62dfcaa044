import { type PathPattern, parsePathPattern } from "./path-pattern.ts";
import type { Method, Route } from "./policy.ts";
import { methodBits, RouteTree, suffixPatterns, type TreeNode } from "./route-tree.ts";

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

/** Routes by host and path, so that those which cover one of many are found at little cost. */
export class CoveringRoutes {
  readonly #tree = new RouteTree();
  readonly #routes = new Map<number, MatchedRoute>();

  /** To be called in the order of the routes. */
  add(one: MatchedRoute): void {
    this.#routes.set(one.index, one);
    this.#tree.add(one.index, one.route.hosts, methodBits(one.route.methods), one.pattern);
  }

  /**
   * Those of which every path of `inner` is one, for each host of `route`, in the policy's order.
   * One that adds nothing to earlier ones of the same host and path shape is left out.
   */
  of({ hosts }: Route, inner: PathPattern): MatchedRoute[][] {
    return (hosts.length > 0 ? hosts : [""]).map((host) => this.#ofHost(host, inner));
  }

  #ofHost(host: string, inner: PathPattern): MatchedRoute[] {
    const roots = [...new Set([host, ...suffixPatterns(host), ""])].map((pattern) => this.#tree.roots.get(pattern));
    return inOrder(covering(roots, inner).map((index) => this.#routes.get(index)));
  }
}

/** Whether one of these routes takes the method. */
export function takesMethod(routes: readonly MatchedRoute[], method: Method): boolean {
  return routes.some(({ route }) => route.methods.includes(method));
}

/** Each once, in the policy's order. */
export function inOrder(routes: readonly (MatchedRoute | undefined)[]): MatchedRoute[] {
  return [...new Set(routes)].filter((one) => one !== undefined).sort((a, b) => a.index - b.index);
}

function covering(roots: readonly (TreeNode | undefined)[], inner: PathPattern): number[] {
  const found: number[] = [];
  let nodes = roots.filter((node) => node !== undefined);
  for (const segment of inner.segments) {
    found.push(...nodes.flatMap(({ rests }) => rests.routes));
    const text = segment.kind === "literal" ? segment.text : null;
    const next = nodes.flatMap(({ literals, parameter }) => [
      text === null ? undefined : literals.get(text),
      text === "" ? undefined : parameter,
    ]);
    nodes = next.filter((node) => node !== undefined && node !== null);
  }
  found.push(...nodes.flatMap(({ rests, ends }) => (inner.rest ? rests.routes : [...rests.routes, ...ends.routes])));
  return found;
}
