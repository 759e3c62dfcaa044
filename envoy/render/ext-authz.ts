import type { Policy, Route } from "../../inference-sidecar/src/policy/policy.ts";
import { upstreamRoutes } from "./clusters.ts";
import { sidecarCluster, type UpstreamPlan } from "./plan.ts";
import { routeMatch } from "./route-match.ts";

const filterName = "envoy.filters.http.ext_authz";
const perRoute = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
/** Where the sidecar's answer puts the decision for the access log. */
export const decisionInMetadata = `%DYNAMIC_METADATA(${filterName}:decision)%`;
/** Above the longest deadline that a route can give the model. */
const slackMillis = 2_000;

/** Asks the sidecar for each request, with raw headers, peer certificate and the body up to what the policy inspects. */
export function extAuthzFilter(policy: Policy): object {
  const scored = policy.routes.flatMap(({ score }) => (score.inspect === "full" ? [score] : []));
  const largest = Math.max(0, ...scored.map(({ maxBodyBytes }) => maxBodyBytes));
  const longest = Math.max(1_000, ...scored.map(({ deadlineMs }) => deadlineMs));
  const config = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    transport_api_version: "V3",
    grpc_service: {
      envoy_grpc: { cluster_name: sidecarCluster },
      timeout: `${(longest + slackMillis) / 1000}s`,
    },
    // Nobody decides: nobody passes.
    failure_mode_allow: false,
    status_on_error: { code: "ServiceUnavailable" },
    include_peer_certificate: true,
    encode_raw_headers: true,
    // One byte more than is inspected shows that there is more.
    with_request_body: { max_request_bytes: largest + 1, allow_partial_message: true, pack_as_bytes: true },
  };
  return { name: filterName, typed_config: config };
}

/**
 * Where a request goes. Routes whose bodies are not inspected come without them: a stream would never be whole. They are told apart
 * as the policy does it, and the sidecar is told which they are: where the two should differ, it says that it could not inspect.
 */
export function extAuthzRoutes(policy: Policy, upstream: UpstreamPlan): object[] {
  const all = upstreamRoutes(upstream) as { match: object }[];
  const firstBuffered = policy.routes.findLastIndex(({ score }) => score.inspect !== "full");
  const told = policy.routes.slice(0, firstBuffered + 1).flatMap((route) => all.map((one) => withoutBody(one, route)));
  return [...told, ...all];
}

function withoutBody(one: { match: object }, route: Route): object {
  const { path, method, authority } = routeMatch(route);
  const { prefix: _, headers: matched = [], ...match } = one.match as { prefix?: string; headers?: object[] };
  const headers = [...matched, ...header(":method", method), ...header(":authority", authority)];
  const settings = { disable_request_body_buffering: true, context_extensions: { body: "unbuffered" } };
  const unbuffered = { [filterName]: { "@type": perRoute, check_settings: settings } };
  return {
    ...one,
    match: { ...match, safe_regex: { regex: path }, ...(headers.length > 0 ? { headers } : {}) },
    ...(route.score.inspect === "full" ? {} : { typed_per_filter_config: unbuffered }),
  };
}

function header(name: string, regex: string | null): object[] {
  return regex === null ? [] : [{ name, string_match: { safe_regex: { regex } } }];
}
