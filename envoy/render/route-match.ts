import { type PathPattern, parsePathPattern } from "../../inference-sidecar/src/policy/path-pattern.ts";
import { METHODS, type Route } from "../../inference-sidecar/src/policy/policy.ts";

/** How Envoy's own matchers (RE2, whole value) recognise a request of a route. Null: anything fits. */
export interface RouteMatch {
  /** Of the path without its query. */
  readonly path: string;
  /** Of `:method`. */
  readonly method: string | null;
  /** Of `:authority`. */
  readonly authority: string | null;
}

type RouteParts = Pick<Route, "hosts" | "methods" | "path">;

/** A route of the policy in the terms of Envoy: what it recognises is what `filter/policy/match.ts` does. */
export function routeMatch(route: RouteParts): RouteMatch {
  const anyMethod = route.methods.length === METHODS.length;
  return {
    path: pathRegex(pattern(route.path)),
    method: anyMethod ? null : route.methods.join("|"),
    authority: route.hosts.length === 0 ? null : `(?i)(${route.hosts.map(hostRegex).join("|")})\\.?(:[0-9]*)?`,
  };
}

/** Whether some request may fit both: of two such routes the first decides. */
export function routesOverlap(one: RouteParts, other: RouteParts): boolean {
  const hosts =
    one.hosts.length === 0 ||
    other.hosts.length === 0 ||
    one.hosts.some((host) => other.hosts.some((another) => covers(host, another) || covers(another, host)));
  return hosts && one.methods.some((method) => other.methods.includes(method)) && pathsOverlap(one, other);
}

/** Whether every name of the other one is one of the host's. */
function covers(host: string, other: string): boolean {
  return host === other || (host.startsWith("*.") && other.endsWith(host.slice(1)));
}

function pathsOverlap(one: RouteParts, other: RouteParts): boolean {
  const [a, b] = [pattern(one.path), pattern(other.path)];
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i++) {
    const [left, right] = [a.segments[i], b.segments[i]];
    if (left === undefined) return a.rest;
    if (right === undefined) return b.rest;
    if (left.kind === "literal" && right.kind === "literal" && left.text !== right.text) return false;
  }
  return true;
}

function pattern(path: string): PathPattern {
  const parsed = parsePathPattern(path);
  if ("message" in parsed) throw new Error(`${path}: ${parsed.message}`);
  return parsed;
}

function pathRegex({ segments, rest }: PathPattern): string {
  const parts = segments.map((segment) => (segment.kind === "literal" ? escaped(segment.text) : "[^/]+"));
  const whole = parts.map((part) => `/${part}`).join("");
  if (!rest) return whole;
  return whole === "" ? "/.*" : `${whole}(/.*)?`;
}

function hostRegex(host: string): string {
  return host.startsWith("*.") ? `[^:/]+${escaped(host.slice(1))}` : escaped(host);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
