import { createHash } from "node:crypto";
import type { ProblemCode } from "../../inference-sidecar/src/policy/problem-codes.ts";

/**
 * One refused policy. `^` stands before what must be reported, and is taken out; `code` is the only one reported.
 * `policy`: top-level fields under `version: 1`; `routes: []` is added where no routes are given.
 */
export type Refused = readonly [code: ProblemCode, what: string, policy: string];

const identity = (issuer: string) => `identity: { issuers: [{ name: demo, issuer: i, audiences: [a], ${issuer} }] }`;
const demo = identity("algorithms: [ES256], jwks: { file: jwks.json }");
const svids =
  "identity: { issuers: [{ name: mesh, trustDomain: edge.demo, audiences: [a], algorithms: [ES256], jwks: { file: ec.json } }] }";
const both = svids.replace(
  "[{",
  "[{ name: demo, issuer: i, audiences: [a], algorithms: [ES256], jwks: { file: ec.json } }, {",
);
const tls = "listener: { tls: { certificate: { file: server.pem }, key: { file: server.key } } }";
const workloads = `${tls}\nidentity: { workloads: { trustDomains: [edge.demo], trustBundle: { file: server.pem } } }`;
const fields = (count: number) => Array.from({ length: count }, (_, index) => `f${index}: 1`).join(", ");
const routes = (...all: string[]) => `routes:\n${all.map((route) => `  - ${route}`).join("\n")}`;
const open = (match: string, name = "a") => `{ name: ${name}, match: { ${match} }, public: true }`;
const allow = (grant: string) => routes(`{ name: a, match: { path: /a }, allow: [${grant}] }`);
const grant = (more: string) => `${demo}\n${allow(`{ issuer: demo, ${more} }`)}`;
const claim = (text: string) => grant(`claims: { ${text} }`);
const score = (text: string) => routes(`{ name: a, match: { path: /a }, public: true, score: ${text} }`);

const assertion = (more: string) => `identity: { assertion: { issuer: g, audience: a, ${more} } }`;
const asserted = (access: string) => routes(`{ name: a, match: { path: /a }, ${access}, assertion: ^true }`);
const stepUp = (asks: string, score = "{}") =>
  `${demo}\n${routes(`{ name: a, match: { path: /a }, allow: [{ issuer: demo }], stepUp: { ${asks} }, score: ${score} }`)}`;

const digest = "0".repeat(64);
const ofNothing = createHash("sha256").digest("hex");
const apiKeys = (...keys: string[]) => `identity: { apiKeys: { keys: [${keys.join(", ")}] } }`;

export const REFUSED: readonly Refused[] = [
  ["file_unreadable", "a key set that is not there", identity("algorithms: [ES256], jwks: { file: ^none.json }")],
  ["file_too_large", "a large secret", identity("algorithms: [HS256], secret: { file: ^large.txt }")],
  ["file_encoding", "a secret in Latin-1", identity("algorithms: [HS256], secret: { file: ^latin1.txt }")],
  ["yaml_syntax", "an open bracket", "routes: [\n^"],
  ["yaml_syntax", "an unknown alias", "mode: ^*rung"],
  ["yaml_duplicate_key", "a key twice", "mode: detect\n^mode: prevent"],
  ["yaml_expansion", "an alias of itself", "routes: &a ^[*a]"],
  ["yaml_expansion", "deep nesting", `routes: ${"[".repeat(32)}^[${"]".repeat(33)}`],
  ["wrong_length", "a mapping with more fields than anything has", `x: ^{ ${fields(1001)} }`],
  ["yaml_key", "a number as a key", "^1: a"],
  ["wrong_syntax", "half of a surrogate pair", demo.replace("issuer: i", 'issuer: ^"i\\ud83d"')],
  ["wrong_syntax", "the other half, in a key", claim('^"t\\ude00": x')],
  ["not_in_this_version", "a field of a later version", "^deny: []"],
  ["not_in_this_version", "an algorithm", identity("algorithms: [ES256, ^ES256K], jwks: { file: jwks.json }")],
  ["not_in_this_version", "a ladder for all", "^ladder: {}"],
  [
    "ladder",
    "a mode below its floor",
    routes("{ name: a, match: { path: /a }, public: true, mode: detect, ladder: { floor: ^prevent } }"),
  ],
  [
    "operator",
    "two of one name",
    `operators: [{ name: a, tokenSha256: ${"a".repeat(64)} }, { name: ^a, tokenSha256: ${"b".repeat(64)} }]`,
  ],
  ["budget_unsupported", "a budget without calibration", score("{ falsePositiveBudget: ^0.1% }")],
  ["unknown_field", "a misspelt field", "^mod: prevent"],
  ["unknown_field", "a misspelt field of a grant", `${demo}\n${allow("{ issuer: demo, ^scope: [x] }")}`],
  ["unknown_field", "a merge key", "<<: { mode: prevent }".replace("<<", "^<<")],
  [
    "missing_field",
    "an issuer without audiences",
    "identity: { issuers: [^{ name: demo, issuer: i, algorithms: [HS256], secret: { file: secret.txt } }] }",
  ],
  ["wrong_type", "a list for a mapping", "listener: ^[]"],
  ["wrong_type", "nothing for a mapping", "identity:\n  issuers: ^null"],
  ["wrong_type", "a fraction as a claim", `${demo}\n${allow("{ issuer: demo, claims: { n: ^1.5 } }")}`],
  ["out_of_range", "a claim that would be rounded to another", claim("tenant: ^9007199254740993")],
  ["out_of_range", "one of several claims", claim("tenant: [1, ^-9007199254740993]")],
  ["out_of_range", "a bound of a claim", claim("tenant: { atLeast: ^123456789012345678 }")],
  ["wrong_value", "an unknown mode", "mode: ^enforce"],
  ["wrong_value", "an unknown score", score("^full")],
  ["wrong_value", "a method in lower case", routes(open("path: /a, methods: [^get]"))],
  ["wrong_length", "no grant", routes("{ name: a, match: { path: /a }, allow: ^[] }")],
  ["wrong_syntax", "a name with a space", routes("{ name: ^a b, match: { path: /a }, public: true }")],
  ["wrong_syntax", "a duration without unit", score("{ deadline: ^'20' }")],
  ["wrong_syntax", "a size in decimal units", score("{ maxBody: ^64KB }")],
  ["duplicate_item", "a method twice", routes(open("path: /a, methods: ^[GET, GET]"))],
  [
    "duplicate_item",
    "a window twice",
    grant('times: ^[{ from: "08:00", to: "09:00" }, { to: "09:00", from: "08:00" }]'),
  ],
  ["out_of_range", "a deadline of a minute", score("{ deadline: ^1m }")],
  ["out_of_range", "a body past the limit", score("{ maxBody: ^257KiB }")],
  [
    "out_of_range",
    "half a second of skew",
    identity("algorithms: [ES256], jwks: { file: jwks.json }, clockSkew: ^500ms"),
  ],
  [
    "duplicate_issuer",
    "two issuers with the same iss",
    `identity:
  issuers:
    - &one { name: a, issuer: i, audiences: [a], algorithms: [ES256], jwks: { file: jwks.json } }
    - { name: b, issuer: ^i, audiences: [a], algorithms: [ES256], jwks: { file: jwks.json } }`,
  ],
  [
    "duplicate_issuer",
    "two secrets in one variable",
    `identity:
  issuers:
    - { name: a-b, issuer: i, audiences: [a], algorithms: [HS256], secret: { file: secret.txt } }
    - { name: ^a.b, issuer: j, audiences: [a], algorithms: [HS256], secret: { file: secret.txt } }`,
  ],
  ["duplicate_route", "a name twice", routes(open("path: /a"), "{ name: ^a, match: { path: /b }, public: true }")],
  ["key_missing", "RS256 without a key set", identity("algorithms: [^RS256]")],
  ["key_missing", "HS256 without a secret", identity("algorithms: [^HS256]")],
  ["key_missing", "RS256 with EC keys only", identity("algorithms: [ES256, ^RS256], jwks: { inline: { keys: [EC] } }")],
  [
    "key_unused",
    "a key set beside HS256",
    identity("algorithms: [HS256], secret: { file: secret.txt }, ^jwks: { inline: { keys: [] } }").replace(
      "{ keys: [] }",
      "{ keys: [HS] }",
    ),
  ],
  [
    "key_unused",
    "a secret beside ES256",
    identity("algorithms: [ES256], jwks: { file: ec.json }, ^secret: { file: secret.txt }"),
  ],
  ["key_set", "JSON that is no key set", identity("algorithms: [ES256], jwks: { inline: ^{ key: [] } }")],
  ["key_private", "a private key", identity("algorithms: [ES256], jwks: { file: ^private.json }")],
  [
    "key_type",
    "another curve",
    identity("algorithms: [ES256], jwks: { inline: { keys: [^{ kty: EC, crv: secp256k1 }] } }"),
  ],
  ["key_weak", "a short secret", identity("algorithms: [HS256], secret: { file: ^short.txt }")],
  [
    "key_missing",
    "an encryption key only",
    identity("algorithms: [^RS256], jwks: { inline: { keys: [{ kty: RSA, use: enc }] } }"),
  ],
  [
    "missing_field",
    "an issuer of nobody's tokens",
    "identity: { issuers: [^{ name: demo, audiences: [a], algorithms: [ES256], jwks: { file: ec.json } }] }",
  ],
  [
    "wrong_value",
    "an issuer with a trust domain",
    identity("^trustDomain: d, algorithms: [ES256], jwks: { file: ec.json }"),
  ],
  ["grant_unsatisfiable", "JWT-SVIDs as users", `${svids}\n${allow("{ issuer: ^mesh }")}`],
  [
    "grant_unsatisfiable",
    "a user and a workload by one token",
    `${both}\n${allow("{ issuer: demo, workloads: ^[spiffe://edge.demo/a] }")}`,
  ],
  ["trust_domain", "a workload of another trust domain", `${svids}\n${allow("{ workloads: [^spiffe://other/a] }")}`],
  ["key_source", "keys in two ways", identity("algorithms: [ES256], ^jwks: { file: ec.json, uri: 'https://a/b' }")],
  ["key_source", "keys in no way", identity("algorithms: [ES256], ^jwks: { refresh: 1m }")],
  ["key_source", "keys over plain HTTP", identity("algorithms: [ES256], jwks: { uri: ^'http://a.example/b' }")],
  ["key_source", "a URI that is none", identity("algorithms: [ES256], jwks: { uri: ^'keys.json' }")],
  ["key_source", "a URI with a password", identity("algorithms: [ES256], jwks: { uri: ^'https://u:p@a/b' }")],
  ["out_of_range", "a fetch each second", identity("algorithms: [ES256], jwks: { uri: 'https://a/b', refresh: ^1s }")],
  [
    "out_of_range",
    "keys that are too old before they are fetched again",
    identity("algorithms: [ES256], jwks: { uri: 'https://a/b', refresh: 1h, maxAge: ^30m }"),
  ],
  ["key_id", "an empty kid", identity("algorithms: [RS256], jwks: { inline: { keys: [^{ kty: RSA, kid: '' }] } }")],
  ["secret_text", "a secret of two lines", identity("algorithms: [HS256], secret: { file: ^lines.txt }")],
  ["certificate", "a certificate that is none", tls.replace("server.pem", "^jwks.json")],
  ["certificate", "another key", tls.replace("server.key", "^other.key")],
  ["certificate", "a byte order mark before it", tls.replace("server.pem", "^marked.pem")],
  ["certificate", "one of the chain that is cut", tls.replace("server.pem", "^cut.pem")],
  [
    "certificate",
    "a curve that Envoy lacks",
    tls.replace("server.pem", "^unusual.pem").replace("server.key", "unusual.key"),
  ],
  ["trust_domain", "a trust domain in upper case", workloads.replace("edge.demo", "^Edge")],
  ["trust_domain", "a workload of another domain", `${workloads}\n${allow("{ workloads: [^'spiffe://other/x'] }")}`],
  [
    "spiffe_id",
    "a trust domain in a workload's place",
    `${workloads}\n${allow("{ workloads: [^'spiffe://edge.demo'] }")}`,
  ],
  ["spiffe_id", "a workload without scheme", `${workloads}\n${allow("{ workloads: [^edge.demo/x] }")}`],
  ["spiffe_id", "an asterisk within an id", `${workloads}\n${allow("{ workloads: [^'spiffe://edge.demo/*/x'] }")}`],
  [
    "workload_identity",
    "workloads over plain HTTP",
    workloads.replace(`${tls}\n`, "").replace("workloads", "^workloads"),
  ],
  ["workload_identity", "a workload grant that nothing verifies", allow("{ ^workloads: ['spiffe://edge.demo/x'] }")],
  ["header_name", "an underscore", "identity: { headers: { subject: ^x_user } }"],
  ["header_name", "a dot", "identity: { headers: { subject: ^x.user } }"],
  ["header_name", "a header twice", "identity: { headers: { subject: x-user, scopes: ^X-User } }"],
  ["header_name", "a claim in the header of another", "identity: { headers: { claims: { a: x-a, b: ^X-A } } }"],
  ["header_reserved", "a claim in a header with a meaning", "identity: { headers: { claims: { a: ^Host } } }"],
  ["header_name", "an assertion in a header of identity", assertion("header: ^x-postern-subject")],
  ["out_of_range", "an assertion for an hour", assertion("lifetime: ^1h")],
  ["missing_field", "an assertion by nobody", "identity: { assertion: ^{ audience: a } }"],
  ["token_requirement", "an assertion that nothing describes", `${demo}\n${asserted("allow: [{ issuer: demo }]")}`],
  ["token_requirement", "an assertion of nobody", `${assertion("lifetime: 60s")}\n${asserted("public: true")}`],
  ["header_reserved", "a header with a meaning", "identity: { headers: { subject: ^Authorization } }"],
  ["header_reserved", "what reads as a header with a meaning", "identity: { headers: { subject: ^Content.Type } }"],
  ["header_reserved", "a pseudo-header", "identity: { headers: { subject: ^':path' } }"],
  [
    "route_access",
    "public and restricted",
    `${demo}\nroutes: [{ name: a, match: { path: /a }, public: true, ^allow: [{ issuer: demo }] }]`,
  ],
  ["route_access", "neither", routes("^{ name: a, match: { path: /a } }")],
  ["grant_empty", "an empty grant", allow("^{}")],
  ["grant_empty", "scopes without an issuer", allow("^{ scopes: [a] }")],
  [
    "token_requirement",
    "a sender without a token",
    `${workloads}\n${routes("{ name: a, match: { path: /a }, allow: [{ workloads: ['spiffe://edge.demo/x'] }], ^senderConstrained: dpop }")}`,
  ],
  [
    "token_requirement",
    "certificates that nobody asks for",
    `${demo}\n${routes("{ name: a, match: { path: /a }, allow: [{ issuer: demo }], senderConstrained: ^mtls }")}`,
  ],
  [
    "token_requirement",
    "step-up on a public route",
    routes("{ name: a, match: { path: /a }, public: true, ^stepUp: { acr: [phr] } }"),
  ],
  ["out_of_range", "a step-up from any score on", stepUp("acr: [phr], fromScore: ^0%")],
  ["token_requirement", "a step-up by a score that is not made", stepUp("acr: [phr], ^fromScore: 20%", "off")],
  ["token_requirement", "a step-up to nothing", stepUp("^fromScore: 20%")],
  ["out_of_range", "a list of revocations of no age", "revocation: { maxAge: ^0s }"],
  ["out_of_range", "a list of revocations of a year", "revocation: { maxAge: ^8760h }"],
  ["out_of_range", "a proof of an hour", "identity: { dpop: { maxAge: ^1h } }"],
  ["wrong_syntax", "an origin with a path", "identity: { dpop: { origins: [^'https://api.demo/'] } }"],
  ["unknown_issuer", "an issuer that is not there", `${demo}\n${allow("{ issuer: ^demos }")}`],
  ["grant_empty", "a place instead of somebody", allow("^{ networks: [10.0.0.0/8] }")],
  [
    "grant_empty",
    "a deny that asks for nothing",
    routes("{ name: a, match: { path: /a }, public: true, deny: [^{ id: x }] }"),
  ],
  ["grant_unsatisfiable", "bounds that exclude each other", claim("level: ^{ atLeast: 3, below: 3 }")],
  ["grant_unsatisfiable", "text that is a number", claim("level: ^{ prefix: a, atMost: 3 }")],
  ["grant_unsatisfiable", "another iss than the issuer's", claim("iss: ^j")],
  ["grant_unsatisfiable", "another beginning of iss than the issuer's", claim("iss: ^{ prefix: j }")],
  ["grant_unsatisfiable", "an iss that is a number", claim("iss: ^{ atLeast: 3 }")],
  ["grant_unsatisfiable", "an empty window", grant("times: [^{ from: '08:00', to: '08:00' }]")],
  [
    "grant_unsatisfiable",
    "a grant that a deny takes whole",
    `${demo}\n${routes("{ name: a, match: { path: /a }, allow: [^{ issuer: demo, scopes: [x] }], deny: [{ id: d, issuer: demo }] }")}`,
  ],
  [
    "duplicate_grant",
    "two grants of one name",
    `${demo}\n${allow("{ issuer: demo, id: x }, { issuer: demo, id: ^x }")}`,
  ],
  ["network", "a host name", grant("networks: [^shop.demo]")],
  ["network", "bits after the prefix", grant("networks: [^10.0.0.1/8]")],
  ["network", "a prefix that is too long", grant("networks: [^10.0.0.0/33]")],
  ["network", "IPv4 as IPv6", grant("networks: [^'::ffff:10.0.0.0/104']")],
  ["out_of_range", "a day that is none", grant("expires: ^'2027-02-30T00:00:00Z'")],
  ["out_of_range", "a time past midnight", grant("times: [{ to: ^'24:30' }]")],
  ["out_of_range", "an offset of a day", grant("times: [{ offset: ^'+24:00' }]")],
  ["wrong_syntax", "an expiry without a time", grant("expires: ^'2027-01-31'")],
  ["wrong_value", "a day in full", grant("times: [{ days: [^monday] }]")],
  ["unknown_field", "a misspelt bound", claim("level: { ^least: 3 }")],
  ["wrong_syntax", "a header value with a space at its end", grant("headers: { x-site: ^'north ' }")],
  ["header_reserved", "a grant by a secret", grant("headers: { ^Authorization: Bearer x }")],
  [
    "header_reserved",
    "a grant by the host, which the filter has as another field",
    grant("headers: { ^Host: a.demo }"),
  ],
  ["header_reserved", "a grant by what Envoy takes away", grant("headers: { ^Connection: close }")],
  ["header_reserved", "a grant by what Envoy writes", grant("headers: { ^X-Forwarded-Proto: http }")],
  ["header_reserved", "a grant by an identity header", grant("headers: { ^x-postern-subject: ada }")],
  ["header_name", "a grant by a header with an underscore", grant("headers: { ^x_site: north }")],
  ["host_pattern", "a host with a port", routes(open("path: /a, hosts: [^'api.demo:443']"))],
  ["host_pattern", "an asterisk in the middle", routes(open("path: /a, hosts: [^'api.*.demo']"))],
  ["path_pattern", "no slash", routes(open("path: ^a"))],
  ["path_pattern", "** before the end", routes(open("path: ^/a/**/b"))],
  ["path_pattern", "a parameter twice", routes(open("path: ^/a/{x}/{x}"))],
  ["path_pattern", "a parameter within a segment", routes(open("path: ^'/a-{x}'"))],
  ["path_pattern", "a prefix", routes(open("path: ^/a*"))],
  ["path_pattern", "an escape", routes(open("path: ^/a%20b"))],
  ["path_pattern", "a dot segment", routes(open("path: ^/a/../b"))],
  ["path_pattern", "an empty segment", routes(open("path: ^/a//b"))],
  ["wrong_syntax", "a digest that is none", apiKeys("{ name: a, sha256: ^abc }")],
  ["key_weak", "a key that is the empty text", apiKeys(`{ name: a, sha256: ^"${ofNothing}" }`)],
  ["key_weak", "an operator's token that is the empty text", `operators: [{ name: a, tokenSha256: ^${ofNothing} }]`],
  [
    "duplicate_api_key",
    "a key twice",
    apiKeys(`{ name: a, sha256: "${digest}" }`, `{ name: b, sha256: ^"${digest}" }`),
  ],
  [
    "duplicate_api_key",
    "a name twice",
    apiKeys(`{ name: a, sha256: "${digest}" }`, `{ name: ^a, sha256: "${"1".repeat(64)}" }`),
  ],
  ["out_of_range", "a key's expiry", apiKeys(`{ name: a, sha256: "${digest}", expires: ^"2027-02-30T00:00:00Z" }`)],
  [
    "header_reserved",
    "a key in authorization",
    `identity: { apiKeys: { header: ^Authorization, keys: [{ name: a, sha256: "${digest}" }] } }`,
  ],
  [
    "header_reserved",
    "a key where identity is given on",
    `identity: { headers: { subject: x-user }, apiKeys: { header: ^X-User, keys: [{ name: a, sha256: "${digest}" }] } }`,
  ],
  [
    "header_reserved",
    "a key in what reads as a header of identity",
    `identity: { headers: { subject: x-user }, apiKeys: { header: ^X_User, keys: [{ name: a, sha256: "${digest}" }] } }`,
  ],
  [
    "header_reserved",
    "a key in what reads as a header with a meaning",
    `identity: { apiKeys: { header: ^content_type, keys: [{ name: a, sha256: "${digest}" }] } }`,
  ],
  ["unknown_api_key", "a grant's key", `${apiKeys(`{ name: a, sha256: "${digest}" }`)}\n${allow("{ apiKeys: [^b] }")}`],
  ["unknown_api_key", "a grant's key without any", allow("{ apiKeys: [^b] }")],
  ["out_of_range", "a window", "limits: { window: ^2h }"],
  ["out_of_range", "too many hops", "limits: { trustedHops: ^9 }"],
  [
    "limits_missing",
    "a login that nothing counts",
    routes("{ name: a, match: { path: /a }, public: true, ^login: true }"),
  ],
  [
    "route_unreachable",
    "the same match",
    routes(open("path: /a/{x}"), "{ name: b, match: ^{ path: /a/{y}, methods: [GET] }, public: true }"),
  ],
  [
    "match_cost",
    "parameters beside literals at every level",
    `routes:\n  ^${Array.from({ length: 4096 }, (_, n) => `- { name: r${n}, public: true, match: { path: /${branches(n)} } }`).join("\n  ")}`,
  ],
];

/** A path of twelve segments, each `a` or a parameter by the bits of `n`. */
function branches(n: number): string {
  return Array.from({ length: 12 }, (_, bit) => ((n >> bit) & 1 ? "a" : `{p${bit}}`)).join("/");
}
