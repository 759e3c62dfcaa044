import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { after, before, test } from "node:test";
import { type Certificate, issueCertificate } from "../../scripts/demo/certificate.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

const web = "spiffe://edge.example/ns/shop/sa/web";
const proxy = "spiffe://edge.example/ns/edge/sa/proxy";
const policy = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  workloads:
    trustDomains: [edge.example]
    trustBundle: { file: ./ca.pem }
    forwardedFrom: [${proxy}]
routes:
  - { name: stock, match: { path: /stock }, allow: [{ workloads: [${web}] }], score: off }
`;

let upstream: RecordingUpstream;
let gateway: TestGateway;
let authority: Certificate;

before(
  async () => {
    upstream = await startRecordingUpstream();
    authority = await issueCertificate({ name: "Edge CA", alternativeNames: [], validDays: 1 }, null);
    const server = await issueCertificate({ name: "server", alternativeNames: ["127.0.0.1"], validDays: 1 }, authority);
    const files = {
      "server.pem": server.certificatePem,
      "server.key": server.keyPem,
      "ca.pem": authority.certificatePem,
    };
    gateway = await startTestGateway({ upstream: upstream.url, policy, files });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway.stop();
  await upstream.stop();
});

const client = (id: string) => issueCertificate({ name: "client", alternativeNames: [id], validDays: 1 }, authority);

/** The status, or the error's code where the handshake or the connection fails. */
function get(certificate: Certificate | null, headers: Record<string, string> = {}): Promise<number | string> {
  const credentials = certificate ? { cert: certificate.certificatePem, key: certificate.keyPem } : {};
  return new Promise((resolve) => {
    const options = { ca: authority.certificatePem, ...credentials, headers, agent: false as const };
    const request = httpsRequest(`${gateway.url}/stock`, options, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.end();
  });
}

test("a workload's name is issued anew, whatever the client sends under it", async () => {
  const seen = upstream.requests.length;
  assert.equal(await get(await client(web), { "x-postern-workload": "spiffe://edge.example/forged" }), 200);
  assert.equal(upstream.requests[seen]?.headers["x-postern-workload"], web);
});

test("another workload, and one of a foreign trust domain, are 403", async () => {
  assert.equal(await get(await client("spiffe://edge.example/ns/shop/sa/other")), 403);
  assert.equal(await get(await client(web.replace("edge.example", "elsewhere.example"))), 403);
});

test("x-forwarded-client-cert counts only from the peer that the policy names, and only its last element", async () => {
  const forwarded = (uri: string) => ({ "x-forwarded-client-cert": `By=spiffe://edge.example/gate;URI=${uri}` });
  assert.equal(await get(await client(proxy), forwarded(web)), 200);
  assert.equal(await get(await client(proxy)), 403);
  assert.equal(await get(null, forwarded(web)), 403);
  assert.equal(await get(await client("spiffe://edge.example/ns/shop/sa/other"), forwarded(web)), 403);
  const two = `URI=${web},URI=spiffe://edge.example/ns/shop/sa/other`;
  assert.equal(await get(await client(proxy), { "x-forwarded-client-cert": two }), 403);
});
