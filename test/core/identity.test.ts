import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openCore } from "../../inference-sidecar/src/core/core.ts";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { buildCore } from "../../scripts/build/core.ts";
import { type Core, type EvaluationRequest, type Gate, loadCore } from "../../scripts/core.ts";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { secretsOf } from "../../scripts/gateway/policy-force.ts";
import { type DpopClient, makeDpopClient } from "../harness/dpop.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";

// Who asks, where what is sent says it in a way that nobody has to send.

const policyText = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./edge.pem }, key: { file: ./edge.key } } }
limits: { perSubject: 3 }
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.example", audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
    - { name: mesh, trustDomain: edge.example, audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./edge.pem }, forwardedFrom: [spiffe://edge.example/proxy] }
  apiKeys: { keys: [{ name: till, sha256: ${"ab".repeat(32)} }] }
  assertion: { issuer: gate, audience: shop }
routes:
  - { name: kept, match: { path: /kept }, allow: [{ issuer: shop }], deny: [{ workloads: [spiffe://edge.example/bad] }], score: off }
  - { name: mesh, match: { path: /mesh }, allow: [{ workloads: ["spiffe://edge.example/*"] }], score: off }
  - { name: scoped, match: { path: /scoped }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: keyed, match: { path: /keyed }, allow: [{ apiKeys: [till] }], score: off }
  - { name: bound, match: { path: "/bound/{id}" }, allow: [{ issuer: shop }], senderConstrained: dpop, score: off }
  - { name: told, match: { path: /told }, allow: [{ issuer: shop }], assertion: true, score: off }
`;
const XFCC = "x-forwarded-client-cert";
const PROXY = { peer: { uri: "spiffe://edge.example/proxy" } };

let folder: string;
let core: Core;
let issuer: TestIssuer;
let client: DpopClient;
let gate: Gate;
let compiled: ReturnType<typeof compilePolicy>;
let secrets: ReturnType<typeof secretsOf>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "identity-"));
  issuer = await makeIssuer("https://issuer.example", "orders");
  client = await makeDpopClient();
  await writeFile(join(folder, "jwks.json"), issuer.jwks);
  const edge = await issueCertificate({ name: "edge", alternativeNames: [], validDays: 1 }, null);
  await writeFile(join(folder, "edge.pem"), edge.certificatePem);
  await writeFile(join(folder, "edge.key"), edge.keyPem);
  core = await loadCore();
  core.rememberProofs();
  const { policy } = await parsePolicy(policyText, join(folder, "policy.yaml"));
  compiled = compilePolicy(policy);
  secrets = secretsOf(policy);
  gate = core.openGate(compiled.blob, secrets);
});
after(() => rm(folder, { recursive: true, force: true }));

type Headers = [name: string, value: string][];

function ask(path: string, headers: Headers, more: Partial<EvaluationRequest> = {}): string {
  const request = { method: "GET", authority: "shop.example", path, headers: withAgent(headers), ...more };
  return gate.evaluate(request).verdict.reason;
}

const withAgent = (headers: Headers): Headers => [["user-agent", "curl/8.5.0"], [":scheme", "https"], ...headers];
const bearer = async (scope = "", claims = {}): Promise<[string, string]> => [
  "authorization",
  `Bearer ${await issuer.token("ES256", scope, { claims })}`,
];

test("a proxy whose word can't be read may speak for anybody that a grant denies, and for nobody that one allows", async () => {
  const token = await bearer();
  const at = Date.now();
  const of = (value: string) => ask("/kept", [token, [XFCC, value]], { ...PROXY, at });
  assert.equal(of("By=a;URI=spiffe://edge.example/web"), "permitted");
  assert.equal(of("By=a;URI=spiffe://other.example/bad"), "permitted", "of no workload that the policy accepts");
  for (const sent of ["", "x,", "By=a, ", 'By="a,', "Subject=a=b,", "By=a;,"])
    assert.equal(of(`${sent}URI=spiffe://edge.example/bad`), "grant_denied", sent);
  const twice: Headers = [token, [XFCC, "URI=spiffe://edge.example/web"], [XFCC, "URI=spiffe://edge.example/web"]];
  assert.equal(ask("/kept", twice, { ...PROXY, at }), "grant_denied", "two fields");
  assert.equal(ask("/mesh", [[XFCC, "x,URI=spiffe://edge.example/web"]], { ...PROXY, at }), "grant_missing");
  assert.equal(ask("/kept", [token, [XFCC, "x"]], { at }), "permitted", "from anybody else it is not looked at");
});

test("what an upstream may read as a proxy's word does not go on, also behind a trusted proxy", () => {
  const headers: Headers = [
    [XFCC, "URI=spiffe://edge.example/web"],
    ["x_forwarded_client_cert", "URI=spiffe://edge.example/admin"],
  ];
  const request = { method: "GET", authority: "shop.example", path: "/mesh", headers: withAgent(headers), ...PROXY };
  assert.equal(gate.evaluate({ ...request, at: Date.now() }).verdict.reason, "permitted");
  assert.deepEqual(gate.enforcement("0".repeat(32), Date.now(), true).removed, ["x_forwarded_client_cert"]);
});

test("a token for a workload is refused beside the certificate of another one, also of one that is not accepted", async () => {
  const token = await bearer("", { iss: undefined, sub: "spiffe://edge.example/a" });
  const at = Date.now();
  const of = (uri: string) => ask("/mesh", [token], { peer: { uri }, at });
  assert.equal(ask("/mesh", [token], { at }), "permitted");
  assert.equal(of("spiffe://edge.example/a"), "permitted");
  assert.equal(of("spiffe://edge.example/proxy"), "permitted");
  assert.equal(of("https://person.example/"), "permitted", "of no workload");
  assert.equal(of("spiffe://edge.example/b"), "token_certificate");
  assert.equal(of("spiffe://other.example/b"), "token_certificate");
});

test("tokens without `sub` are not limited together: one client locks out no other", async () => {
  const attacker = await bearer("", { sub: undefined, client_id: "a" });
  const other = await bearer("orders:read", { sub: undefined, client_id: "b" });
  for (let i = 0; i < 5; i++) assert.equal(ask("/scoped", [attacker], { source: "192.0.2.1:1" }), "grant_missing");
  assert.equal(ask("/scoped", [other], { source: "192.0.2.2:1" }), "permitted");
  const named = await bearer("", { sub: "eve" });
  for (let i = 0; i < 3; i++) assert.equal(ask("/scoped", [named], { source: "192.0.2.1:1" }), "grant_missing");
  assert.equal(ask("/scoped", [named], { source: "192.0.2.1:1" }), "flood_limit");
});

test("an assertion has a `sub` where the token has one", async () => {
  const module = await readFile(await buildCore());
  const signing = (await openCore(module, (claims) => Buffer.from(claims).toString("base64url"))).openGate(
    compiled.blob,
    secrets,
  );
  const told = async (claims: object) => {
    const headers = withAgent([await bearer("", claims)]);
    const request = { method: "GET", authority: "shop.example", path: "/told", headers };
    assert.equal(signing.evaluate(request).verdict.reason, "permitted");
    const { issued } = signing.enforcement("0".repeat(32), Date.now(), true);
    const token = issued.find(([name]) => name === "x-postern-assertion")?.[1].toString() ?? "";
    return JSON.parse(Buffer.from(token, "base64url").toString());
  };
  assert.equal((await told({})).sub, "ada");
  const anonymous = await told({ sub: undefined });
  assert.ok(!("sub" in anonymous), JSON.stringify(anonymous));
  assert.equal(anonymous.token_issuer, "https://issuer.example");
  signing.close();
});

test("a proof names the same URI however its bytes are percent-encoded, and no other one", async () => {
  const token = await issuer.token("ES256", "", { claims: { cnf: { jkt: client.thumbprint } } });
  const of = async (path: string, named: string) => {
    // Of the second after the start: what was signed before could have been used before.
    const proof = await client.proof(
      "GET",
      `https://shop.example${named}`,
      token,
      {},
      Math.ceil(Date.now() / 1000) + 1,
    );
    const headers: Headers = [
      ["authorization", `DPoP ${token}`],
      ["dpop", proof],
    ];
    return ask(path, headers, { source: "192.0.2.3:1" });
  };
  const same = [
    ["/bound/caf%c3%a9", "/bound/caf%C3%A9"],
    ["/bound/~u", "/bound/%7Eu"],
    ["/bound/%41-b", "/bound/A%2db"],
  ] as const;
  for (const [path, named] of same) assert.equal(await of(path, named), "permitted", `${path} ${named}`);
  const others = [
    ["/bound/a%2Cb", "/bound/a,b"],
    ["/bound/a", "/bound/A"],
    ["/bound/a", "/bound/%41"],
    ["/bound/a%7", "/bound/a%07"],
    ["/bound/a", "/bound/a%"],
    ["/bound/ab", "/bound/a"],
  ] as const;
  for (const [path, named] of others) assert.equal(await of(path, named), "dpop_proof_target", `${path} ${named}`);
});

test("where only API keys are granted, what is missing is a key, whatever else was sent", async () => {
  assert.equal(ask("/keyed", [], { at: Date.now() }), "api_key_missing");
  assert.equal(ask("/keyed", [await bearer()], { at: Date.now() }), "api_key_missing");
  assert.equal(ask("/scoped", [], { at: Date.now() }), "token_missing");
});
