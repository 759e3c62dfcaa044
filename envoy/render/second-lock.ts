import { createPublicKey, type KeyObject } from "node:crypto";
import type {
  Condition,
  Grant,
  Issuer,
  Network,
  Policy,
  Route,
  VerificationKey,
} from "../../inference-sidecar/src/policy/policy.ts";
import { trustDomainOfPattern } from "../../inference-sidecar/src/policy/spiffe-id.ts";
import { routeMatch, routesOverlap } from "./route-match.ts";

const jwtAuthn = "envoy.filters.http.jwt_authn";
const rbac = "envoy.filters.http.rbac";
const any = { any: true };
/** Scheme and space of `Authorization`, in the spellings that are in use: Envoy compares them byte by byte. */
const schemes = ["Bearer ", "bearer ", "BEARER ", "DPoP ", "dpop ", "DPOP "];
/** The exponent of all RSA keys that Envoy takes but 3, which no policy has. */
const usualExponent = 65_537n;

/**
 * Envoy's own jwt_authn and rbac with the same policy, behind the filter: two programs must be wrong for a request to pass
 * that neither token nor privilege allows. It never asks for more than the policy does. What it can't see it lets pass: HS256
 * issuers and keys that come by URL, workloads that may show a token (JWT-SVID) instead of a certificate, bindings, step-up,
 * headers and hours of grants, `deny`, and the request's content. What the ladder may take down to `observe` is not locked.
 */
export function secondLock(policy: Policy): object[] {
  const issuers = policy.issuers.filter(isKnown);
  const providers = Object.fromEntries(issuers.map((issuer) => [issuer.name, provider(issuer)]));
  const requirements = [...issuers.map(({ name }) => ({ provider_name: name })), { allow_missing_or_failed: {} }];
  const authentication = {
    "@type": typeOf("jwt_authn", "JwtAuthentication"),
    providers,
    rules: [{ match: { prefix: "/" }, requires: { requires_any: { requirements } } }],
  };
  const authorization = {
    "@type": typeOf("rbac", "RBAC"),
    rules_stat_prefix: "second_lock_",
    rules: { action: "ALLOW", policies: policies(policy) },
  };
  return [
    ...(issuers.length > 0 ? [{ name: jwtAuthn, typed_config: authentication }] : []),
    { name: rbac, typed_config: authorization },
  ];
}

function typeOf(filter: string, message: string): string {
  return `type.googleapis.com/envoy.extensions.filters.http.${filter}.v3.${message}`;
}

/** Whether Envoy can verify every token of the issuer. */
function isKnown(issuer: Issuer): boolean {
  const verifiable = issuer.algorithms.every((algorithm) => /^(RS|PS|ES)(256|384|512)$|^EdDSA$/.test(algorithm));
  const usual = issuer.keys.every(
    (key) => (publicKey(key).asymmetricKeyDetails?.publicExponent ?? usualExponent) === usualExponent,
  );
  return issuer.keys.length > 0 && issuer.secret === null && verifiable && usual;
}

function publicKey({ spki }: VerificationKey): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
}

function provider(issuer: Issuer): object {
  const keys = issuer.keys.map((key) => ({
    ...publicKey(key).export({ format: "jwk" }),
    ...(key.kid === "" ? {} : { kid: key.kid }),
  }));
  return {
    issuer: issuer.issuer,
    audiences: issuer.audiences,
    local_jwks: { inline_string: JSON.stringify({ keys }) },
    from_headers: schemes.map((value_prefix) => ({ name: "authorization", value_prefix })),
    forward: true,
    clock_skew_seconds: issuer.clockSkewMs / 1000,
    payload_in_metadata: issuer.name,
    normalize_payload_in_metadata: { space_delimited_claims: ["scope", "scp"] },
  };
}

/** By route, and what no route matches where the policy lets that pass. */
function policies(policy: Policy): Record<string, object> {
  const entries = policy.routes.map((route, index) => {
    const earlier = policy.routes.slice(0, index).filter((other) => routesOverlap(other, route));
    const exceptions = earlier.length === 0 ? [] : [{ not_rule: { or_rules: { rules: earlier.map(permission) } } }];
    const permissions = [{ and_rules: { rules: [permission(route), ...exceptions] } }];
    return [route.name, { permissions, principals: principals(route, policy) }] as const;
  });
  if (policy.mode !== "observe") return Object.fromEntries(entries);
  const matched = policy.routes.map(permission);
  const unmatched = matched.length === 0 ? any : { not_rule: { or_rules: { rules: matched } } };
  return { ...Object.fromEntries(entries), "no route (observed)": { permissions: [unmatched], principals: [any] } };
}

function permission(route: Route): object {
  const { path, method, authority } = routeMatch(route);
  const header = (name: string, regex: string | null) =>
    regex === null ? [] : [{ header: { name, string_match: { safe_regex: { regex } } } }];
  const rules = [
    { url_path: { path: { safe_regex: { regex: path } } } },
    ...header(":method", method),
    ...header(":authority", authority),
  ];
  return { and_rules: { rules } };
}

function principals(route: Route, policy: Policy): object[] {
  if (route.public || route.ladder.floor === "observe") return [any];
  return route.allow.map((grant) => ({ and_ids: { ids: [any, ...grantIds(grant, policy)] } }));
}

function grantIds(grant: Grant, { issuers, workloads }: Policy): object[] {
  const issuer = grant.issuer === null ? undefined : issuers[grant.issuer];
  const known = issuer !== undefined && isKnown(issuer);
  const claim = (name: string, value: object) => metadata([issuer?.name ?? "", name], value);
  const scope = (text: string) => ({ list_match: { one_of: { string_match: { exact: text } } } });
  return [
    ...(known ? [claim("iss", { string_match: { exact: issuer.issuer } })] : []),
    ...(known ? grant.scopes.map((text) => oneOf([claim("scope", scope(text)), claim("scp", scope(text))])) : []),
    ...(known
      ? grant.claims.map(({ name, values }) => oneOf(values.flatMap(valueMatchers).map((m) => claim(name, m))))
      : []),
    ...(grant.workloads.length > 0 && !grant.workloads.some((id) => mayShowToken(id, issuers))
      ? [oneOf([...grant.workloads.map(peer), ...workloads.forwardedFrom.map(peer)])]
      : []),
    ...(grant.networks.length > 0
      ? [oneOf(grant.networks.map((network) => ({ direct_remote_ip: range(network) })))]
      : []),
  ];
}

function mayShowToken(workload: string, issuers: readonly Issuer[]): boolean {
  const domain = trustDomainOfPattern(workload);
  return issuers.some(({ trustDomain }) => trustDomain !== null && trustDomain === domain);
}

function oneOf(ids: object[]): object {
  return { or_ids: { ids } };
}

function metadata(path: readonly string[], value: object): object {
  const metadata_matcher = { filter: jwtAuthn, path: path.map((key) => ({ key })), value };
  return { sourced_metadata: { metadata_matcher } };
}

/** A claim is one value or a list of them. */
function valueMatchers({ kind, value }: Condition["values"][number]): object[] {
  const matcher = {
    string: () => ({ string_match: { exact: value } }),
    prefix: () => ({ string_match: { prefix: value } }),
    boolean: () => ({ bool_match: value }),
    number: () => ({ double_match: { exact: value } }),
    // Bounds are given up here: a range of Envoy excludes its end, and has one.
    atLeast: () => ({ present_match: true }),
    above: () => ({ present_match: true }),
    atMost: () => ({ present_match: true }),
    below: () => ({ present_match: true }),
  }[kind]();
  return "present_match" in matcher ? [matcher] : [matcher, { list_match: { one_of: matcher } }];
}

/** A SPIFFE id, or all that continue after the slash of a `/*`. */
function peer(workload: string): object {
  const open = workload.endsWith("/*");
  return { authenticated: { principal_name: open ? { prefix: workload.slice(0, -1) } : { exact: workload } } };
}

/** RFC 4291 section 2.5.5.2: an IPv4 address within an IPv6 one. */
function range({ address, bits }: Network): object {
  const bytes = Buffer.from(address);
  const isV4 = bits >= 96 && bytes.subarray(0, 12).equals(Buffer.from("00000000000000000000ffff", "hex"));
  if (isV4) return { address_prefix: bytes.subarray(12).join("."), prefix_len: bits - 96 };
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return { address_prefix: groups.join(":"), prefix_len: bits };
}
