import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { base64url } from "jose";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const policy = (mode: string) => `
version: 1
mode: ${mode}
identity:
  issuers:
    - name: shop
      issuer: https://issuer.shop.example
      audiences: [orders]
      algorithms: [RS256, ES256, HS256]
      jwks: { file: ./jwks.json }
      secret: { file: ./shared.key }
      clockSkew: 5s
  apiKeys:
    keys:
      - { name: till, sha256: ${sha256("the key")} }
      - { name: old, sha256: ${sha256("the old key")}, expires: "2020-01-31T18:00:00Z" }
routes:
  - { name: health, match: { methods: [GET], path: /healthz }, public: true, score: off }
  - { name: order, match: { methods: [GET], path: "/orders/{id}" }, allow: [{ issuer: shop, scopes: [orders:read] }], deny: [{ id: lost, headers: { x-device: lost } }], score: off }
  - { name: bound, match: { path: /bound }, allow: [{ issuer: shop }], senderConstrained: any, score: off }
  - { name: stepped, match: { path: /stepped }, allow: [{ issuer: shop }], stepUp: { acr: [phr] }, score: off }
  - { name: risky, match: { path: /risky }, allow: [{ issuer: shop }], stepUp: { acr: [phr], fromScore: 0.0001% }, score: { ask: always, deadline: 5s } }
  - { name: keyed, match: { path: /keyed }, allow: [{ apiKeys: [till] }], score: off }
  - { name: search, match: { methods: [GET, POST], path: /search/** }, public: true, score: { deadline: 2s, maxBody: 16KiB } }
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always, deadline: 5s } }
  - { name: unscored, match: { methods: [GET, POST], path: /open/** }, public: true, score: off }
`;

/** A request as bytes: line, headers, body. */
function request(line: string, headers: readonly string[] = [], body = ""): string {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  return [`${line} HTTP/1.1`, "Host: shop.example", ...length, ...headers, "", body].join("\r\n");
}

const bearer = (token: string) => request("GET /orders/7", [`Authorization: Bearer ${token}`]);

/** One request for each reason that a running gateway can be brought to by requests alone. */
async function requestsByReason(issuer: TestIssuer): Promise<[reason: string, bytes: string][]> {
  const now = Math.floor(Date.now() / 1000);
  const good = await issuer.token("RS256", "orders:read");
  const foreign = await makeIssuer(issuer.issuer, issuer.audience);
  const changed = (changes: Parameters<TestIssuer["token"]>[2]) => issuer.token("ES256", "orders:read", changes);
  const digest = base64url.encode(new Uint8Array(32));
  const proved = await changed({ claims: { cnf: { jkt: digest } } });
  const none = `${base64url.encode('{"alg":"none"}')}.${good.split(".")[1]}.`;
  const critical = `${base64url.encode('{"alg":"RS256","kid":"rs256","crit":["b64"],"b64":true}')}.${good.split(".").slice(1).join(".")}`;
  return [
    ["permitted", bearer(good)],
    ["permitted", bearer(await issuer.token("ES256", "orders:read profile"))],
    ["permitted", bearer(await issuer.token("HS256", "orders:read"))],
    [
      "too_many_headers",
      request(
        "GET /healthz",
        Array.from({ length: 101 }, (_, i) => `X-${i}: a`),
      ),
    ],
    ["headers_too_large", request("GET /healthz", [`X-Large: ${"a".repeat(33 * 1024)}`])],
    ["header_duplicate", request("GET /healthz", ["Authorization: Bearer a", "Authorization: Bearer b"])],
    ["header_duplicate", request("GET /healthz", ["X-Postern-Subject: a", "X-Postern-Subject: b"])],
    ["header_duplicate", request("POST /open/x", ["Content-Type: text/plain", "Content-Type: text/html"])],
    ["host_malformed", "GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n"],
    ["method_override", request("GET /healthz", ["X-HTTP-Method-Override: DELETE"])],
    ["method_override", request("GET /healthz", ["X_HTTP_Method_Override: DELETE"])],
    ["path_override", request("GET /healthz", ["X-Original-URL: /orders/7"])],
    ["path_malformed", request("GET /open/%00")],
    ["path_ambiguous", request("GET /open/../healthz")],
    ["path_ambiguous", request("GET /open/%2e%2e/healthz")],
    ["path_ambiguous", request("GET /open\\x")],
    ["path_ambiguous", request("GET /open/%c0%ae%c0%ae/healthz")],
    ["route_not_found", request("GET /nowhere")],
    ["method_not_allowed", request("DELETE /healthz")],
    ["token_missing", request("GET /orders/7")],
    ["token_malformed", bearer("not.a.token")],
    ["token_missing", request("GET /orders/7", ["Authorization: Basic YTpi"])],
    ["token_algorithm", bearer(none)],
    ["token_embedded_key", bearer(await changed({ header: { jku: "https://elsewhere.example/jwks" } }))],
    ["token_critical", bearer(critical)],
    ["token_issuer", bearer(await changed({ claims: { iss: "https://elsewhere.example" } }))],
    ["token_key", bearer(await changed({ header: { kid: "unknown" } }))],
    ["token_signature", bearer(await foreign.token("RS256", "orders:read"))],
    ["token_expired", bearer(await changed({ expiresIn: -60 }))],
    ["token_not_yet_valid", bearer(await changed({ claims: { nbf: now + 600 } }))],
    ["token_issued_in_future", bearer(await changed({ claims: { iat: now + 600 } }))],
    ["token_audience", bearer(await changed({ claims: { aud: "elsewhere" } }))],
    ["token_confirmation", bearer(await changed({ claims: { cnf: { kid: "x" } } }))],
    ["token_certificate", bearer(await changed({ claims: { cnf: { "x5t#S256": digest } } }))],
    ["token_unbound", request("GET /bound", [`Authorization: Bearer ${good}`])],
    ["dpop_scheme", bearer(proved)],
    ["dpop_scheme", request("GET /orders/7", [`Authorization: DPoP ${good}`])],
    ["dpop_proof_missing", request("GET /orders/7", [`Authorization: DPoP ${proved}`])],
    ["dpop_proof_malformed", request("GET /orders/7", [`Authorization: DPoP ${proved}`, "DPoP: a.b.c"])],
    ["authentication_insufficient", request("GET /stepped", [`Authorization: Bearer ${good}`])],
    ["score_step_up", request("GET /risky?q=x", [`Authorization: Bearer ${good}`])],
    ["permitted", request("GET /risky?q=x", [`Authorization: Bearer ${await changed({ claims: { acr: "phr" } })}`])],
    ["attack_scored", request(`GET /risky?q=${encodeURIComponent(attack)}`, [`Authorization: Bearer ${good}`])],
    ["header_duplicate", request("GET /healthz", ["Authorization: DPoP a", "Authorization: DPoP b"])],
    ["api_key_missing", request("GET /keyed")],
    ["api_key_unknown", request("GET /keyed", ["X-API-Key: guess"])],
    ["api_key_expired", request("GET /keyed", ["X-API-Key: the old key"])],
    ["permitted", request("GET /keyed", ["X-API-Key: the key"])],
    ["grant_denied", request("GET /orders/7", [`Authorization: Bearer ${good}`, "X-Device: lost"])],
    ["grant_missing", bearer(await issuer.token("RS256", "profile"))],
    ["body_too_large", request("POST /search/x", ["Content-Type: text/plain"], "a".repeat(17 * 1024))],
    ["body_encoding", request("POST /search/x", ["Content-Encoding: gzip"], "abc")],
    ["attack_screened", request(`GET /search/x?q=${encodeURIComponent(attack)}`)],
    ["attack_scored", request(`GET /asked?q=${encodeURIComponent(attack)}`)],
  ];
}

const rows = new Map(
  [...readFileSync("docs/reasons.md", "utf8").matchAll(/^\| `(\w+)` \| (\d+) \| `(\w+)` \| (\w+) \|/gm)].map(
    ([, code = "", status, publicReason, from = ""]) => [code, { status: Number(status), publicReason, from }],
  ),
);
const rungs = ["observe", "detect", "prevent"];

for (const mode of rungs) {
  test(`in ${mode}, every reason denies or is recorded as its row says`, { timeout: 240_000 }, async (context) => {
    const upstream: RecordingUpstream = await startRecordingUpstream();
    const issuer = await makeIssuer("https://issuer.shop.example", "orders");
    const files = { "jwks.json": issuer.jwks, "shared.key": issuer.secret };
    const gateway: TestGateway = await startTestGateway({ upstream: upstream.url, policy: policy(mode), files });
    after(async () => {
      await gateway.stop();
      await upstream.stop();
    });
    for (const [reason, bytes] of await requestsByReason(issuer)) {
      await context.test(`${reason}: ${bytes.slice(0, 48).split("\r\n")[0]}`, async () => {
        const seen = upstream.requests.length;
        const answer: RawAnswer = await sendRaw(gateway.url, bytes);
        const row = rows.get(reason);
        assert.ok(row, `${reason} is not documented`);
        const record = await gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
        const denies = reason !== "permitted" && rungs.indexOf(mode) >= rungs.indexOf(row.from);
        assert.equal(record.effect, denies ? "deny" : "permit");
        assert.equal(denies || reason === "permitted" ? record.reason : record.wouldDeny, reason);
        assert.equal(answer.status, denies ? row.status : 200);
        assert.equal(record.response?.status, answer.status);
        assert.equal(upstream.requests.length - seen, denies ? 0 : 1);
        if (!denies) return;
        const problem = JSON.parse(answer.body);
        assert.equal(answer.headers["content-type"], "application/problem+json");
        assert.equal(problem.reason, row.publicReason);
        assert.equal(problem.decision, record.id);
        // RFC 6750 section 3: also where a good token does not enable access.
        const challenged = row.status === 401 || reason === "grant_missing";
        assert.equal(answer.headers["www-authenticate"] !== undefined, challenged);
        assert.equal(answer.headers["retry-after"] !== undefined, row.status === 503);
      });
    }
  });
}
