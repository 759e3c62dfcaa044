/** What stands before the upstream. Each is the same Envoy with the same listener; only its HTTP filters differ. */
export type ContenderName =
  | "bare"
  | "native"
  | "native-cached"
  | "ext-authz"
  | "postern"
  | "postern-10"
  | "postern-10000";

/** What is sent; see `requests.ts`. */
export type RequestName =
  | "get"
  | "known-token"
  | "new-token"
  | "json"
  | "form"
  | "unsure-get"
  | "unsure-json"
  | "unsure-form"
  | "route-10"
  | "route-10000";

/** What the decision log must say of every request. */
export interface ExpectedDecision {
  readonly route: string;
  readonly rung: "detect" | "prevent";
  readonly token: "absent" | "valid";
  readonly scoredBy: "nothing" | "screen" | "model";
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly contender: ContenderName;
  readonly request: RequestName;
  /** The bare scenario with the same kind of request, which is subtracted; null: it is one itself. */
  readonly baseline: string | null;
  /** Scenarios of one class are sent at the same rate. */
  readonly rateClass: "get" | "json" | "form";
  /** Postern only. */
  readonly expected: ExpectedDecision | null;
}

/** The number of routes in the policies of `postern-10` (as in that of `postern`) and `postern-10000`. */
export const routeCounts = { few: 10, many: 10_000 } as const;

const contenderTitles: Record<ContenderName, string> = {
  bare: "bare Envoy",
  native: "jwt_authn + rbac",
  "native-cached": "jwt_authn + rbac, cache",
  "ext-authz": "ext_authz, does nothing",
  postern: "Postern",
  "postern-10": "Postern",
  "postern-10000": "Postern",
};

const requestTitles: Record<RequestName, string> = {
  get: "GET",
  "known-token": "GET, known token",
  "new-token": "GET, new token",
  json: "2 KB JSON",
  form: "64 KB form",
  "unsure-get": "GET",
  "unsure-json": "2 KB JSON",
  "unsure-form": "64 KB form",
  "route-10": "GET",
  "route-10000": "GET",
};

function rival(contender: ContenderName, request: RequestName): Scenario {
  return row(`${contender}/${request}`, "", contender, request, null);
}

function postern(id: string, what: string, request: RequestName, expected: ExpectedDecision): Scenario {
  return row(`postern/${id}`, what, gatewayOf(request), request, expected);
}

/** What is compared by routes has a gateway each, visited as often as the other: one that has just been busy takes less. */
function gatewayOf(request: RequestName): ContenderName {
  if (request === "route-10") return "postern-10";
  return request === "route-10000" ? "postern-10000" : "postern";
}

function row(
  id: string,
  what: string,
  contender: ContenderName,
  request: RequestName,
  expected: ExpectedDecision | null,
): Scenario {
  const kind = request.includes("json") ? "json" : request.includes("form") ? "form" : "get";
  const plain = request.endsWith("token") ? "known-token" : kind;
  return {
    id,
    title: `${contenderTitles[contender]}${what && `, ${what}`}: ${requestTitles[request]}`,
    contender,
    request,
    baseline: contender === "bare" ? null : `bare/${plain}`,
    rateClass: kind,
    expected,
  };
}

const tokenOnly = { route: "token-only", rung: "prevent", token: "valid", scoredBy: "nothing" } as const;
const cleared = { route: "public", rung: "prevent", token: "absent", scoredBy: "screen" } as const;
const clearedWithToken = { ...cleared, route: "orders", token: "valid" } as const;
const escalated = { ...cleared, scoredBy: "model" } as const;
const detected = { ...cleared, route: "detect", rung: "detect" } as const;
const ofFew = { ...cleared, route: `service-${routeCounts.few}` } as const;
const ofMany = { ...cleared, route: `service-${routeCounts.many}` } as const;

/** Everything that is measured. */
export const scenarios: readonly Scenario[] = [
  rival("bare", "get"),
  rival("bare", "known-token"),
  rival("bare", "json"),
  rival("bare", "form"),
  rival("native", "new-token"),
  rival("native-cached", "known-token"),
  rival("ext-authz", "get"),
  rival("ext-authz", "known-token"),
  rival("ext-authz", "json"),
  rival("ext-authz", "form"),
  postern("token/new-token", "token only", "new-token", tokenOnly),
  postern("token/known-token", "token only", "known-token", tokenOnly),
  postern("cleared/get", "cleared by the screen", "get", cleared),
  postern("cleared/known-token", "cleared by the screen", "known-token", clearedWithToken),
  postern("cleared/json", "cleared by the screen", "json", cleared),
  postern("cleared/form", "cleared by the screen", "form", cleared),
  postern("escalated/get", "escalated to the model", "unsure-get", escalated),
  postern("escalated/json", "escalated to the model", "unsure-json", escalated),
  postern("escalated/form", "escalated to the model", "unsure-form", escalated),
  postern("detect/get", "detect", "get", detected),
  postern("detect/json", "detect", "json", detected),
  postern("detect/form", "detect", "form", detected),
  postern("routes/10", "last of 10 routes", "route-10", ofFew),
  postern("routes/10000", "last of 10,000 routes", "route-10000", ofMany),
];

/** @throws Error there is none with that id */
export function scenario(id: string): Scenario {
  const found = scenarios.find((one) => one.id === id);
  if (!found) throw new Error(`there is no scenario ${id}; there are ${scenarios.map((one) => one.id).join(", ")}`);
  return found;
}
