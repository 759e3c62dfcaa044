import { foundIn } from "../../inference-sidecar/src/decision-log/record.ts";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { isCompletion, isProbe, readLog } from "../decision-log/read.ts";
import { type Draft, type DraftRoute, Names, UNKNOWN_ISSUER } from "./draft.ts";
import { bySpecificity, templateOf } from "./path-template.ts";

/** More different segments at one place are values of a parameter if half of them hardly came back, and so many in any case. */
const FEW_LITERALS = 12;
const LITERALS_MOST = 100;
/** Requests of a segment that hardly came back. */
const SELDOM = 2;
const SHAPES_MOST = 5000;
/** What the upstream does not have, or not by this method, is no route. */
const NOT_THERE = [404, 405];
/** The upstream took the upgrade (WebSocket). */
const SWITCHING_PROTOCOLS = 101;
/** From `detect` up none of these goes on. */
const NO_PATH = ["path_malformed", "path_ambiguous"];

interface Sighting {
  /** Method and shape of the path. */
  readonly key: string;
  readonly hasToken: boolean;
}

interface Observed {
  readonly requests: number;
  /** With a token, whatever became of it. */
  readonly withToken: number;
  /** That became streams. */
  readonly upgraded: number;
}

const NONE: Observed = { requests: 0, withToken: 0, upgraded: 0 };

/** What a state folder's log has seen on routes that take any path, or on none. @throws Error nothing of the kind */
export async function draftFromLog(state: string): Promise<Draft> {
  const seen = new Map<string, Observed>();
  /** `status`: the upstream's; 0: not known. */
  const count = ({ key, hasToken }: Sighting, status: number) => {
    if (NOT_THERE.includes(status) || (!seen.has(key) && seen.size === SHAPES_MOST)) return;
    const upgraded = status === SWITCHING_PROTOCOLS;
    seen.set(key, sum(seen.get(key) ?? NONE, { requests: 1, withToken: Number(hasToken), upgraded: Number(upgraded) }));
  };
  /** Of streams that had not ended when the decision was logged, by its id: what the upstream said comes later. */
  const open = new Map<string, Sighting>();
  for await (const line of readLog(state)) {
    if (isCompletion(line)) {
      const sighting = open.get(line.completes);
      open.delete(line.completes);
      if (sighting !== undefined) count(sighting, line.response?.status ?? 0);
      continue;
    }
    const method = METHODS.find((one) => one === line.method);
    if (!line.shape || method === undefined || isProbe(line) || NO_PATH.includes(foundIn(line) ?? "")) continue;
    const sighting = { key: `${method} ${line.shape}`, hasToken: line.subject.token !== "absent" };
    if (line.response === null) open.set(line.id, sighting);
    else count(sighting, line.response.status);
  }
  for (const sighting of open.values()) count(sighting, 0);
  if (seen.size === 0) {
    throw new Error(
      `the log in ${state} has no path that was not a route's own. Run \`postern up --upstream URL --state ${state}\` without a policy for a while: it observes everything.`,
    );
  }
  const routes = draftRoutes(joinParameters(seen));
  const issuers = routes.some(({ allow }) => allow !== null) ? [UNKNOWN_ISSUER] : [];
  return { source: `what ${state} has seen`, issuers, apiKeyHeader: null, routes, notes: [] };
}

/** Where more segments follow one beginning than a service has names for, they become one parameter. */
function joinParameters(seen: ReadonlyMap<string, Observed>): Map<string, Observed> {
  /** Requests by what is before a segment, and by the segment. */
  const followers = new Map<string, Map<string, number>>();
  for (const [key, { requests }] of seen) {
    const segments = key.split("/");
    for (const [at, segment] of segments.entries()) {
      if (at === 0) continue;
      const before = segments.slice(0, at).join("/");
      const known = followers.get(before) ?? new Map<string, number>();
      followers.set(before, known.set(segment, (known.get(segment) ?? 0) + requests));
    }
  }
  const joined = new Map<string, Observed>();
  for (const [key, observed] of seen) {
    const segments = key.split("/");
    const shape = segments.map((segment, at) => {
      const isValue = at > 0 && areValues(followers.get(segments.slice(0, at).join("/")) ?? new Map());
      return isValue && segment !== "" ? "{id}" : segment;
    });
    joined.set(shape.join("/"), sum(joined.get(shape.join("/")) ?? NONE, observed));
  }
  return joined;
}

function sum(one: Observed, other: Observed): Observed {
  return {
    requests: one.requests + other.requests,
    withToken: one.withToken + other.withToken,
    upgraded: one.upgraded + other.upgraded,
  };
}

function areValues(segments: ReadonlyMap<string, number>): boolean {
  if (segments.size <= FEW_LITERALS) return false;
  const seldom = [...segments.values()].filter((requests) => requests <= SELDOM).length;
  return segments.size > LITERALS_MOST || seldom * 2 > segments.size;
}

function draftRoutes(seen: ReadonlyMap<string, Observed>): DraftRoute[] {
  const names = new Names();
  const shapes = new Set<string>();
  const routes: DraftRoute[] = [];
  for (const [key, { requests, withToken, upgraded }] of seen) {
    const [word = "", path = "/"] = key.split(" ");
    const method = METHODS.find((one) => one === word) ?? "GET";
    // What comes behind sixteen segments.
    const rest = path.endsWith("/**") ? "/**" : "";
    const template = templateOf(path.slice(0, path.length - rest.length));
    const shape = `${method} ${template?.shape}${rest}`;
    if (template === null || shapes.has(shape)) continue;
    shapes.add(shape);
    const asked = withToken * 2 > requests;
    const share = `${requests} requests, ${withToken} of them with a token`;
    routes.push({
      name: names.of(`${method.toLowerCase()}${template.path.replaceAll(/[{}]/g, "")}`),
      methods: [method],
      path: template.path + rest,
      allow: asked ? [{ issuer: UNKNOWN_ISSUER.name }] : null,
      upgrades: upgraded > 0,
      notes: [asked ? `${share}: FILL IN the scopes` : `${share}: may really anyone?`],
    });
  }
  return routes.toSorted(bySpecificity);
}
