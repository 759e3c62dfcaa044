import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { after, before, test } from "node:test";
import { type Certificate, issueCertificate, KeyUsageFlags } from "../../scripts/demo/certificate.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { KeepAliveConnection } from "../harness/keep-alive.ts";
import { uriConstraints } from "../harness/name-constraints.ts";
import { type RecordedRequest, type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const web = "spiffe://edge.example/ns/shop/sa/web";
const proxy = "spiffe://edge.example/ns/edge/sa/proxy";
const policy = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  workloads:
    trustDomains: [edge.example, mill.example]
    trustBundle: { file: ./ca.pem }
    forwardedFrom: [${proxy}]
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
    - { name: mesh, trustDomain: edge.example, audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
routes:
  - { name: pay, match: { path: /pay }, allow: [{ issuer: shop, scopes: [pay], workloads: [${web}] }], score: off }
  - { name: either, match: { path: /either }, allow: [{ workloads: [${web}] }, { issuer: shop, scopes: [pay] }], score: off }
  - { name: mill, match: { path: /mill }, allow: [{ workloads: [spiffe://mill.example/ns/*] }], score: off }
  - { name: stock, match: { path: /stock }, allow: [{ workloads: [${web}] }], score: off }
`;

let upstream: RecordingUpstream;
let gateway: TestGateway;
let authority: Certificate;
/** Of the second trust domain, and held to it. */
let mill: Certificate;
let issuer: TestIssuer;

before(
  async () => {
    upstream = await startRecordingUpstream(({ url }, response) => {
      if (url === "/stock?events") response.write("data: 1\n\n");
      else response.end("ok");
    });
    authority = await issueCertificate({ name: "Edge CA", alternativeNames: [], validDays: 1 }, null);
    mill = await issueCertificate(
      { name: "Mill CA", alternativeNames: [], validDays: 1, extensions: [uriConstraints("mill.example")] },
      null,
    );
    const server = await issueCertificate({ name: "server", alternativeNames: ["127.0.0.1"], validDays: 1 }, authority);
    issuer = await makeIssuer("https://issuer.shop.example", "orders", ["ES256"]);
    const files = {
      "jwks.json": issuer.jwks,
      "server.pem": server.certificatePem,
      "server.key": server.keyPem,
      "ca.pem": authority.certificatePem + mill.certificatePem,
    };
    gateway = await startTestGateway({ upstream: upstream.url, policy, files });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
});

const client = (...ids: string[]) =>
  issueCertificate({ name: "client", alternativeNames: ids, validDays: 1 }, authority);

/** A response that goes on until the gate ends it. */
async function events({ certificatePem: cert, keyPem: key }: Certificate) {
  const url = new URL("/stock?events", gateway.url);
  const response = await new Promise<IncomingMessage>((done, refuse) => {
    httpsRequest(url, { ca: authority.certificatePem, cert, key, agent: false }, done).once("error", refuse).end();
  });
  assert.equal(response.statusCode, 200);
  return {
    response: response.on("error", () => undefined).resume(),
    decision: String(response.headers["x-postern-decision"]),
  };
}

interface Answer {
  readonly status: number;
  readonly decision: string;
}

/** Rejects where the handshake or the connection fails. */
function ask(
  path: string,
  certificate: Certificate | null,
  headers: Record<string, string | string[]>,
): Promise<Answer> {
  const credentials = certificate ? { cert: certificate.certificatePem, key: certificate.keyPem } : {};
  return new Promise((resolve, refuse) => {
    const options = { ca: authority.certificatePem, ...credentials, headers, agent: false as const };
    const request = httpsRequest(`${gateway.url}${path}`, options, (response) => {
      const decision = String(response.headers["x-postern-decision"]);
      response.resume().on("end", () => resolve({ status: response.statusCode ?? 0, decision }));
    });
    request.on("error", refuse).end();
  });
}

const get = async (certificate: Certificate | null, headers: Record<string, string | string[]> = {}) =>
  (await ask("/stock", certificate, headers)).status;
const forwarded = (uri: string) => ({ "x-forwarded-client-cert": `By=spiffe://edge.example/gate;URI=${uri}` });

test("a workload's name is issued anew, whatever the client sends under it", async () => {
  const seen = upstream.requests.length;
  assert.equal(await get(await client(web), { "x-postern-workload": "spiffe://edge.example/forged" }), 200);
  assert.equal(upstream.requests[seen]?.headers["x-postern-workload"], web);
});

test("another workload, and one of a foreign trust domain, are 403", async () => {
  assert.equal(await get(await client("spiffe://edge.example/ns/shop/sa/other")), 403);
  assert.equal(await get(await client(web.replace("edge.example", "elsewhere.example"))), 403);
});

test("name constraints hold an authority to its trust domain, also through one that it has signed", async () => {
  const inner = await issueCertificate(
    {
      ...{ name: "Mill sub CA", alternativeNames: [], validDays: 1 },
      usage: { isAuthority: true, flags: KeyUsageFlags.keyCertSign },
    },
    mill,
  );
  const spinner = "spiffe://mill.example/ns/hall/sa/spinner";
  for (const [id, path] of [
    [spinner, "/mill"],
    [web, "/stock"],
  ] as const) {
    const own = await issueCertificate({ name: "client", alternativeNames: [id], validDays: 1 }, mill);
    const below = await issueCertificate({ name: "client", alternativeNames: [id], validDays: 1 }, inner);
    const chain = { ...below, certificatePem: below.certificatePem + inner.certificatePem };
    for (const certificate of [own, chain]) {
      const answer = await ask(path, certificate, {}).catch((error: NodeJS.ErrnoException) => error);
      if (id === spinner) assert.deepEqual([(answer as Answer).status], [200]);
      else assert.match((answer as NodeJS.ErrnoException).code ?? "", /^(ERR_SSL|ECONNRESET)/);
    }
  }
  assert.equal(
    (await ask("/mill", await client(spinner), {})).status,
    200,
    "nothing holds the other authority to its own",
  );
});

test("a certificate with several URI names is of no workload (X509-SVID section 2)", async () => {
  const other = "spiffe://edge.example/ns/shop/sa/other";
  for (const names of [
    [web, other],
    [web, web],
    [web, "https://shop.example"],
  ]) {
    const { status, decision } = await ask("/stock", await client(...names), {});
    assert.equal(status, 403);
    assert.equal((await gateway.waitForRecord(decision)).subject.workload, "");
  }
  assert.equal(await get(await client(web, "web.shop.example")), 200);
});

test("a certificate that may sign others is of no workload (X509-SVID section 5.2)", async () => {
  const { digitalSignature, keyCertSign, cRLSign } = KeyUsageFlags;
  const names = { name: "client", alternativeNames: [web], validDays: 1 };
  for (const usage of [
    { isAuthority: true, flags: digitalSignature | keyCertSign },
    { isAuthority: true, flags: digitalSignature },
    { isAuthority: false, flags: digitalSignature | keyCertSign },
    { isAuthority: false, flags: digitalSignature | cRLSign },
  ]) {
    const { status, decision } = await ask("/stock", await issueCertificate({ ...names, usage }, authority), {});
    assert.equal(status, 403, JSON.stringify(usage));
    assert.equal((await gateway.waitForRecord(decision)).subject.workload, "");
  }
  const usual = { isAuthority: false, flags: digitalSignature | KeyUsageFlags.keyAgreement };
  assert.equal(await get(await issueCertificate({ ...names, usage: usual }, authority)), 200);
});

test("a certificate that expires while its connection stays open is of no workload, and carries no stream, from then on", async () => {
  const lifetime = 15;
  const names = { name: "client", alternativeNames: [web] };
  const short = await issueCertificate({ ...names, validDays: lifetime / 86_400 }, authority);
  const credentials = { cert: short.certificatePem, key: short.keyPem };
  const connection = new KeepAliveConnection(gateway.url, { ca: authority.certificatePem, ...credentials });
  const [streams, lasting] = [await events(short), await events(await client(web))];
  const bytes = Buffer.from("GET /stock HTTP/1.1\r\nHost: shop.example\r\n\r\n");
  const status = async () => (await connection.send("GET", bytes)).status;
  assert.equal(await status(), 200);
  const seen = await eventually(status, (one) => one !== 200, 60_000);
  assert.equal(seen, 403, "on the same connection: a new one would fail");
  connection.close();
  const ends = () => streams.response.destroyed;
  assert.ok(await eventually(ends, (ended) => ended, 60_000), "the stream ends, too");
  assert.equal((await gateway.waitForRecord(streams.decision)).response?.ended, "certificate_expired");
  assert.ok(!lasting.response.destroyed, "one of a certificate that is still good goes on");
  lasting.response.destroy();
});

test("x-forwarded-client-cert counts only from the peer that the policy names, and only its last element", async () => {
  assert.equal(await get(await client(proxy), forwarded(web)), 200);
  assert.equal(await get(await client(proxy)), 403);
  assert.equal(await get(null, forwarded(web)), 403);
  assert.equal(await get(await client("spiffe://edge.example/ns/shop/sa/other"), forwarded(web)), 403);
  const two = `URI=${web},URI=spiffe://edge.example/ns/shop/sa/other`;
  assert.equal(await get(await client(proxy), { "x-forwarded-client-cert": two }), 403);
});

test("x-forwarded-client-cert of nobody who may speak for others reaches the upstream, of the proxy it does", async () => {
  for (const [certificate, headers] of [
    [await client(web), forwarded("spiffe://edge.example/forged")],
    [await client(web), { x_forwarded_client_cert: "URI=spiffe://edge.example/forged" }],
    [await client(proxy), forwarded(web)],
  ] as const) {
    const seen = upstream.requests.length;
    assert.equal(await get(certificate, headers), 200);
    const { headers: given } = upstream.requests[seen] as RecordedRequest;
    assert.equal(given["x-postern-workload"], web);
    assert.doesNotMatch(JSON.stringify(given), /forged/);
    const isProxy = Object.values(headers).includes(forwarded(web)["x-forwarded-client-cert"]);
    assert.equal(given["x-forwarded-client-cert"] !== undefined, isProxy);
  }
});

test("the proxy's word counts for no foreign trust domain, and not when it comes twice or broken", async () => {
  const by = await client(proxy);
  for (const value of [
    `URI=${web.replace("edge.example", "elsewhere.example")}`,
    `URI=${web.replace("edge.example", "edge.example.elsewhere")}`,
    `URI=${web};URI=${web}`,
    `URI=${web},`,
    `URI="${web}`,
    "URI=",
  ])
    assert.equal(await get(by, { "x-forwarded-client-cert": value }), 403, value);
  assert.equal(
    await get(by, { "x-forwarded-client-cert": [`URI=${web}`, "URI=spiffe://edge.example/ns/shop/sa/x"] }),
    403,
  );
});

test("a route that wants user and workload takes nothing less, and each record has the checks that were passed", async () => {
  const pay = await issuer.token("ES256", "pay");
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const other = "spiffe://edge.example/ns/shop/sa/other";
  const service = ["service_authenticated"];
  const user = ["user_authenticated"];
  const all = ["service_authenticated", "service_authorised", "user_authenticated", "user_authorised"];
  const cases: [path: string, id: string | null, headers: Record<string, string>, status: number, checks: string[]][] =
    [
      ["/pay", web, bearer(pay), 200, all],
      ["/pay", proxy, { ...bearer(pay), ...forwarded(web) }, 200, all],
      ["/pay", proxy, bearer(pay), 403, [...service, ...user]],
      ["/pay", web, {}, 401, service],
      ["/pay", null, bearer(pay), 403, user],
      ["/pay", other, bearer(pay), 403, [...service, ...user]],
      ["/pay", null, { ...bearer(pay), ...forwarded(web) }, 403, user],
      ["/pay", web, bearer(await issuer.token("ES256", "read")), 403, [...service, ...user]],
      ["/pay", web, bearer("a.b.c"), 401, service],
      ["/pay", null, {}, 401, []],
      ["/either", web, {}, 200, ["service_authenticated", "service_authorised"]],
      ["/either", null, bearer(pay), 200, ["user_authenticated", "user_authorised"]],
    ];
  for (const [path, id, headers, status, checks] of cases) {
    const answer = await ask(path, id === null ? null : await client(id), headers);
    const what = `${path} ${id} ${Object.keys(headers)}`;
    assert.equal(answer.status, status, what);
    assert.deepEqual((await gateway.waitForRecord(answer.decision)).checks, ["encrypted", ...checks], what);
  }
});

test("a JWT-SVID must be of the workload that the certificate proves, unless that is the proxy", async () => {
  const svid = async (sub: string) => {
    const claims: Record<string, unknown> = { sub, iss: undefined, scope: undefined };
    return { authorization: `Bearer ${await issuer.token("ES256", "", { claims })}` };
  };
  const other = "spiffe://edge.example/ns/shop/sa/other";
  const { status, decision } = await ask("/stock", null, await svid(web));
  const { checks } = await gateway.waitForRecord(decision);
  assert.deepEqual(
    [status, ...checks],
    [200, "encrypted", "service_authenticated", "service_authorised"],
    "and no user",
  );
  assert.equal(await get(await client(web), await svid(web)), 200);
  assert.equal(await get(await client(proxy), await svid(web)), 200);
  for (const [id, sub, reason] of [
    [other, web, "token_certificate"],
    [web, other, "token_certificate"],
    [web, "spiffe://elsewhere.example/ns/shop/sa/web", "token_malformed"],
  ] as const) {
    const { status, decision } = await ask("/stock", await client(id), await svid(sub));
    assert.deepEqual([status, (await gateway.waitForRecord(decision)).reason], [401, reason], `${id} ${sub}`);
  }
});
