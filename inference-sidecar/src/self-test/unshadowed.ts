import type { Method, Route } from "../policy/policy.ts";

/** Which requests a route takes. */
export type Match = Pick<Route, "hosts" | "methods" | "path">;

/** A request by what decides on its route. */
export interface Target {
  readonly method: Method;
  readonly authority: string;
  /** Without a query. */
  readonly path: string;
}

/** What is answered with a body first. Not CONNECT, which has no path: no route takes it. */
const METHODS_TRIED: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"];
const HOSTS_MOST = 8;
const PARAMETERS = ["7", "self-test"];
const RESTS = ["/self-test", "/self-test/7", "/self-test/7/7", ""];

/** A request that the route takes and, where one of some simple ones is such, none of those before it. Null: it takes none. */
export function unshadowed(route: Match, before: readonly Match[]): Target | null {
  const fixed = fixedPart(route.path);
  const rivals = before.filter(({ path }) => {
    const other = fixedPart(path);
    return other.startsWith(fixed) || fixed.startsWith(other);
  });
  const targets = targetsOf(route);
  return targets.find((target) => !rivals.some((rival) => takes(rival, target))) ?? targets[0] ?? null;
}

function targetsOf({ hosts, methods, path }: Match): Target[] {
  const rests = path.endsWith("/**") ? RESTS : [""];
  const fixed = path.replace(/\/\*\*$/, "");
  const paths = rests.flatMap((rest) =>
    PARAMETERS.map((parameter) => fixed.replace(/\{[^}/]*\}/g, parameter) + rest || "/"),
  );
  const authorities = hosts.length === 0 ? ["self-test.invalid"] : hosts.slice(0, HOSTS_MOST);
  const tried = METHODS_TRIED.filter((method) => methods.includes(method));
  return [...new Set(paths)].flatMap((one) =>
    authorities.flatMap((host) =>
      tried.map((method) => ({ method, authority: host.replace(/^\*\./, "self-test."), path: one })),
    ),
  );
}

function takes({ hosts, methods, path }: Match, target: Target): boolean {
  if (!methods.includes(target.method) || !takesPath(path, target.path)) return false;
  const { authority } = target;
  return hosts.length === 0 || hosts.some((host) => host === authority || takesBelow(host, authority));
}

function takesBelow(host: string, authority: string): boolean {
  return host.startsWith("*.") && authority.endsWith(host.slice(1));
}

function takesPath(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const rest = wanted.at(-1) === "**";
  if (rest) wanted.pop();
  const segments = path.split("/");
  if (rest ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  return wanted.every((part, index) => part === segments[index] || (part.startsWith("{") && segments[index] !== ""));
}

/** What the paths of a pattern begin with. */
function fixedPart(path: string): string {
  const parameter = path.indexOf("{");
  if (parameter >= 0) return path.slice(0, parameter);
  return path.endsWith("/**") ? path.slice(0, -"/**".length) : path;
}
