import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { isCompletion, isProbe, readLog } from "../decision-log/read.ts";
import { type Draft, type DraftRoute, Names, UNKNOWN_ISSUER } from "./draft.ts";
import { bySpecificity, templateOf } from "./path-template.ts";

/** So many different segments at one place are values of a parameter. */
const LITERALS_MOST = 12;
const SHAPES_MOST = 5000;
/** What the upstream does not have is no route. */
const NOT_FOUND = 404;

interface Sighting {
  /** Method and shape of the path. */
  readonly key: string;
  readonly hasToken: boolean;
}

interface Observed {
  requests: number;
  /** With a token, whatever became of it. */
  withToken: number;
}

/** What a state folder's log has seen on routes that take any path, or on none. @throws Error nothing of the kind */
export async function draftFromLog(state: string): Promise<Draft> {
  const seen = new Map<string, Observed>();
  const count = ({ key, hasToken }: Sighting) => {
    if (!seen.has(key) && seen.size === SHAPES_MOST) return;
    const found = seen.get(key) ?? { requests: 0, withToken: 0 };
    found.requests += 1;
    if (hasToken) found.withToken += 1;
    seen.set(key, found);
  };
  /** Of streams that had not ended when the decision was logged, by its id: what the upstream said comes later. */
  const open = new Map<string, Sighting>();
  for await (const line of readLog(state)) {
    if (isCompletion(line)) {
      const sighting = open.get(line.completes);
      open.delete(line.completes);
      if (sighting !== undefined && line.response?.status !== NOT_FOUND) count(sighting);
      continue;
    }
    const method = METHODS.find((one) => one === line.method);
    if (!line.shape || method === undefined || isProbe(line)) continue;
    const sighting = { key: `${method} ${line.shape}`, hasToken: line.subject.token !== "absent" };
    if (line.response === null) open.set(line.id, sighting);
    else if (line.response.status !== NOT_FOUND) count(sighting);
  }
  for (const sighting of open.values()) count(sighting);
  if (seen.size === 0) {
    throw new Error(
      `the log in ${state} has no path that was not a route's own. Run \`postern up --upstream URL --state ${state}\` without a policy for a while: it observes everything.`,
    );
  }
  const routes = draftRoutes(joinParameters(seen));
  const issuers = routes.some(({ allow }) => allow !== null) ? [UNKNOWN_ISSUER] : [];
  return { source: `what ${state} has seen`, issuers, apiKeyHeader: null, routes, notes: [] };
}

/** Where more segments follow one beginning than a service has names, they become one parameter. */
function joinParameters(seen: ReadonlyMap<string, Observed>): Map<string, Observed> {
  const followers = new Map<string, Set<string>>();
  for (const key of seen.keys()) {
    const segments = key.split("/");
    for (let at = 1; at < segments.length; at++) {
      const before = segments.slice(0, at).join("/");
      followers.set(before, (followers.get(before) ?? new Set()).add(segments[at] ?? ""));
    }
  }
  const joined = new Map<string, Observed>();
  for (const [key, { requests, withToken }] of seen) {
    const segments = key.split("/");
    const shape = segments.map((segment, at) => {
      const many = at > 0 && (followers.get(segments.slice(0, at).join("/"))?.size ?? 0) > LITERALS_MOST;
      return many && segment !== "" ? "{id}" : segment;
    });
    const found = joined.get(shape.join("/")) ?? { requests: 0, withToken: 0 };
    joined.set(shape.join("/"), { requests: found.requests + requests, withToken: found.withToken + withToken });
  }
  return joined;
}

function draftRoutes(seen: ReadonlyMap<string, Observed>): DraftRoute[] {
  const names = new Names();
  const shapes = new Set<string>();
  const routes: DraftRoute[] = [];
  for (const [key, { requests, withToken }] of seen) {
    const [word = "", path = "/"] = key.split(" ");
    const method = METHODS.find((one) => one === word) ?? "GET";
    const template = templateOf(path);
    if (template === null || shapes.has(`${method} ${template.shape}`)) continue;
    shapes.add(`${method} ${template.shape}`);
    const asked = withToken * 2 > requests;
    const share = `${requests} requests, ${withToken} of them with a token`;
    routes.push({
      name: names.of(`${method.toLowerCase()}${template.path.replaceAll(/[{}]/g, "")}`),
      methods: [method],
      path: template.path,
      allow: asked ? [{ issuer: UNKNOWN_ISSUER.name }] : null,
      notes: [asked ? `${share}: FILL IN the scopes` : `${share}: may really anyone?`],
    });
  }
  return routes.toSorted(bySpecificity);
}
