import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { type Certificate, issueCertificate } from "../../scripts/demo/certificate.ts";
import { projectRoot } from "../../scripts/project-root.ts";
import { replaceFile } from "../../scripts/replace-file.ts";
import { eventually } from "../harness/eventually.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { gatewayScene } from "./scene.ts";

const secret = "correct-horse-battery-staple-and-some-more";
const policy = `
version: 1
mode: prevent
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - { name: demo, issuer: "https://issuer.test", audiences: [shop], algorithms: [HS256], secret: { file: ./demo.secret } }
  workloads: { trustDomains: [edge.test], trustBundle: { file: ./ca.pem } }
routes:
  - name: for-web
    match: { path: /web }
    allow: [{ workloads: ["spiffe://edge.test/web"] }]
    score: off
  - name: for-tokens
    match: { path: /tokens }
    allow: [{ issuer: demo }]
    score: off
`;

const web = ["spiffe://edge.test/web"];
const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
const impostor = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
const server = await issueCertificate({ name: "server", alternativeNames: ["localhost"], validDays: 1 }, authority);

const scene = gatewayScene({
  policy,
  files: {
    "ca.pem": authority.certificatePem,
    "server.pem": server.certificatePem,
    "server.key": server.keyPem,
    "demo.secret": secret,
  },
});

function get(path: string, client: Certificate | null, headers = "") {
  const identity = client ? { cert: client.certificatePem, key: client.keyPem } : {};
  const tls: ConnectionOptions = { ca: authority.certificatePem, servername: "localhost", ...identity };
  return sendRaw(scene.gateway.url, `GET ${path} HTTP/1.1\r\nhost: shop.test\r\n${headers}\r\n`, tls);
}

test("a workload is known by the certificate that Envoy validated", async () => {
  const client = await issueCertificate({ name: "web", alternativeNames: web, validDays: 1 }, authority);
  const answer = await get("/web", client);
  assert.equal(answer.status, 200);
  const record = await scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  assert.equal(record.subject.workload, web[0]);
  assert.equal(record.subject.grant, "for-web/0");
  assert.deepEqual(record.checks, ["encrypted", "service_authenticated", "service_authorised"]);
  const module = await readFile(join(projectRoot, "build", "postern.wasm"));
  assert.equal(record.module, createHash("sha256").update(module).digest("hex"));
});

test("a certificate of another authority with the same names fails the handshake", async () => {
  const forged = await issueCertificate({ name: "web", alternativeNames: web, validDays: 1 }, impostor);
  const arrived = scene.upstream.requests.length;
  const answer = await get("/web", forged).catch((error: Error) => error);
  assert.ok(answer instanceof Error || answer.status === 0, JSON.stringify(answer));
  assert.equal(scene.upstream.requests.length, arrived);
});

test("a certificate that has expired fails the handshake", async () => {
  const expired = await issueCertificate({ name: "web", alternativeNames: web, validDays: -0.5 }, authority);
  const answer = await get("/web", expired).catch((error: Error) => error);
  assert.ok(answer instanceof Error || answer.status === 0, JSON.stringify(answer));
});

test("no session is taken up again: its certificate would be believed unseen, expired or not", async () => {
  const client = await issueCertificate({ name: "web", alternativeNames: web, validDays: 1 }, authority);
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const first = await handshake(client, version);
    const second = await handshake(client, version, first.session);
    assert.deepEqual([first.reused, second.reused, second.status], [false, false, 200], version);
  }
});

/** One request on a connection of its own; `session`: the last that the gateway gave, if it gave one. */
function handshake(client: Certificate, version: "TLSv1.2" | "TLSv1.3", session?: Buffer) {
  const { hostname, port } = new URL(scene.gateway.url);
  const socket = connect({
    ...{ host: hostname, port: Number(port), servername: "localhost", ca: authority.certificatePem },
    ...{ cert: client.certificatePem, key: client.keyPem, minVersion: version, maxVersion: version, session },
  });
  let given: Buffer | undefined;
  let text = "";
  socket.on("session", (one: Buffer) => {
    given = one;
  });
  socket.write("GET /web HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n");
  return new Promise<{ reused: boolean; session: Buffer | undefined; status: number }>((done, refuse) => {
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", refuse).on("end", () => {
      done({ reused: socket.isSessionReused(), session: given, status: Number(text.split(" ")[1]) });
      socket.destroy();
    });
  });
}

test("without a certificate a client may speak, and can't claim a workload by a header", async () => {
  const claim = `x-forwarded-client-cert: By=x;URI=${web[0]}\r\n`;
  const arrived = scene.upstream.requests.length;
  const answer = await get("/web", null, claim);
  assert.equal(answer.status, 403);
  assert.equal(scene.upstream.requests.length, arrived);
  const record = await scene.gateway.waitForRecord(answer.headers["x-postern-decision"] ?? "");
  assert.deepEqual(record.checks, ["encrypted"]);
});

test("a renewed certificate and trust bundle are used without a restart, and only where certificate and key belong together", async () => {
  const folder = dirname(scene.gateway.policyPath);
  const envoy = await scene.gateway.envoyPid();
  const given = () =>
    new Promise<string>((done, refuse) => {
      const { hostname: host, port } = new URL(scene.gateway.url);
      const socket = connect(
        { host, port: Number(port), ca: authority.certificatePem, servername: "localhost" },
        () => {
          done(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        },
      );
      socket.on("error", refuse);
    });
  const first = await given();
  const client = await issueCertificate({ name: "web", alternativeNames: web, validDays: 1 }, impostor);
  const renewed = await issueCertificate({ name: "server", alternativeNames: ["localhost"], validDays: 1 }, authority);
  await replaceFile(join(folder, "server.pem"), renewed.certificatePem);
  await eventually(scene.gateway.output, (text) => text.includes("the key is not the certificate's"));
  assert.equal(await given(), first);
  await replaceFile(join(folder, "server.key"), renewed.keyPem);
  await eventually(given, (serial) => serial !== first);
  await replaceFile(join(folder, "ca.pem"), `${authority.certificatePem}\n${impostor.certificatePem}`);
  await eventually(
    () => get("/web", client).catch(() => null),
    (answer) => answer?.status === 200,
  );
  assert.equal(await scene.gateway.envoyPid(), envoy);
});

test("an HS256 secret is neither in Envoy's configuration nor in any file of the state folder", async () => {
  const dump = await new Promise<string>((done, refuse) => {
    const socketPath = join(scene.gateway.state, "run", "admin.sock");
    const call = request({ socketPath, path: "/config_dump?include_eds" }, async (response) => {
      let text = "";
      for await (const part of response) text += String(part);
      done(text);
    });
    call.on("error", refuse);
    call.end();
  });
  assert.match(dump, /POSTERN_HS256_DEMO/);
  const forms = [secret, Buffer.from(secret).toString("base64").slice(0, 40), Buffer.from(secret).toString("hex")];
  for (const form of forms) assert.ok(!dump.includes(form), "in the config dump");
  const entries = await readdir(scene.gateway.state, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  assert.ok(files.length >= 4);
  for (const entry of files) {
    const content = await readFile(join(entry.parentPath, entry.name), "latin1");
    for (const form of forms) assert.ok(!content.includes(form), entry.name);
  }
});
