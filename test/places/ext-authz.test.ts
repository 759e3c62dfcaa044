import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { main } from "../../scripts/cli.ts";
import { readDecisions } from "../../scripts/decision-log/read.ts";
import type { Certificate } from "../../scripts/demo/certificate.ts";
import { writeParityFolder } from "../core/parity-folder.ts";
import { parityPolicy, webWorkload } from "../core/parity-policy.ts";
import { type Client, clients, generateRequest, type ParityRequest } from "../core/parity-requests.ts";
import { makeTokens } from "../core/parity-tokens.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { KeepAliveConnection } from "../harness/keep-alive.ts";
import { Random } from "../harness/random.ts";
import { type RawAnswer, sendRaw } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { readJson } from "./foreign-policy.ts";
import { startRenderedSidecar } from "./rendered-sidecar.ts";

const REQUESTS = 400;
const seed = 20_261_126;

let folder = "";
let out = "";
let upstream: RecordingUpstream;
let gateway: TestGateway;
let envoy: TestEnvoy;
let sidecar: ChildProcess;
let url = "";
let certificates: Record<Client, Certificate | null>;
let requests: ParityRequest[];

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "authz-"));
    const written = await writeParityFolder(folder);
    const { issuers, files } = written;
    certificates = written.certificates;
    const policy = join(folder, "policy.yaml");
    const random = new Random(seed);
    const tokens = await makeTokens(issuers);
    requests = Array.from({ length: REQUESTS }, () => generateRequest(random, tokens));
    upstream = await startRecordingUpstream();
    gateway = await startTestGateway({ upstream: upstream.url, policy: parityPolicy, files });
    out = join(folder, "out");
    const flags = ["--upstream", upstream.url.origin, "--listen", "127.0.0.1:0"];
    assert.equal(await main(["render", policy, "--target", "ext_authz", "--out", out, ...flags]), 0);
    sidecar = await startRenderedSidecar(out);
    envoy = await startEnvoy(() => readJson(join(out, "envoy.json")));
    url = `https://127.0.0.1:${await envoy.port("edge")}`;
  },
  { timeout: 300_000 },
);

after(async () => {
  sidecar?.kill();
  await envoy?.stop();
  await gateway?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

const send = ({ bytes, client }: ParityRequest, to: string) => {
  const certificate = certificates[client];
  const credentials = certificate && { cert: certificate.certificatePem, key: certificate.keyPem };
  return sendRaw(to, bytes, { rejectUnauthorized: false, ...credentials });
};

async function recordsOf(state: string, answers: readonly RawAnswer[]): Promise<Map<string, LogRecord>> {
  const wanted = answers.flatMap(({ headers }) => headers["x-postern-decision"] ?? []);
  return eventually(
    async () => {
      const found = new Map<string, LogRecord>();
      for await (const record of readDecisions(state)) found.set(record.id, record);
      return found;
    },
    (found) => wanted.every((id) => found.has(id)),
  );
}

/** What both ways must say alike; a model's score differs in its last bits with the batch. */
function decided(answer: RawAnswer, record: LogRecord | undefined) {
  const { status, headers, body } = answer;
  if (record === undefined) return { status, headers: {} };
  const { route, rung, effect, reason, wouldDeny, subject, score } = record;
  return {
    status,
    problem: headers["content-type"] === "application/problem+json" ? body.replace(record.id, "") : "",
    challenge: headers["www-authenticate"],
    ...{ route, rung, effect, reason, wouldDeny },
    subject: { ...subject, id: subject.id !== "" },
    score: { ...score, value: score.by === "model" ? 0 : score.value },
  };
}

test("the same requests get the same decisions by ext_authz as by the filter", { timeout: 300_000 }, async () => {
  const pairs: [ParityRequest, RawAnswer, RawAnswer][] = [];
  const lane = async (client: Client, waiting: Iterable<ParityRequest>) => {
    const certificate = certificates[client];
    const credentials = certificate && { cert: certificate.certificatePem, key: certificate.keyPem };
    const options = { rejectUnauthorized: false, ...credentials };
    const [here, there] = [gateway.url, url].map((to) => new KeepAliveConnection(to, options)) as [
      KeepAliveConnection,
      KeepAliveConnection,
    ];
    for (const request of waiting) {
      const { method, bytes } = request;
      const [one, other] = await Promise.all([here.send(method, bytes), there.send(method, bytes)]);
      pairs.push([request, one, other]);
    }
    here.close();
    there.close();
  };
  await Promise.all(
    clients.map((client) =>
      lane(
        client,
        requests.filter((request) => request.client === client),
      ),
    ),
  );
  const [ours, theirs] = await Promise.all([
    recordsOf(
      gateway.state,
      pairs.map(([, one]) => one),
    ),
    recordsOf(
      join(out, "state"),
      pairs.map(([, , other]) => other),
    ),
  ]);
  const recordIn = (records: Map<string, LogRecord>, { headers }: RawAnswer) =>
    records.get(headers["x-postern-decision"] ?? "");
  const reasons = new Set<string>();
  let compared = 0;
  for (const [request, one, other] of pairs) {
    const [here, there] = [recordIn(ours, one), recordIn(theirs, other)];
    // A busy machine: the model answered in time on one side only, if at all.
    if ([here, there].some((record) => record?.score.uninspected === "score_unavailable")) continue;
    compared++;
    reasons.add(here?.wouldDeny ?? here?.reason ?? "");
    const shown = request.bytes.toString("latin1", 0, 1500);
    assert.deepEqual(decided(other, there), decided(one, here), shown);
  }
  assert.ok(compared > 0.8 * REQUESTS, `only ${compared} compared`);
  assert.ok(reasons.size >= 18, [...reasons].join());
});

test("identity is given on, and what a client sends under its names is not", async () => {
  const before = upstream.requests.length;
  const forged = ["x-postern-subject", "X_Postern_Issuer", "X-Postern-Workload", "x_postern_workload"];
  const headers = ["host: shop.example", ...forged.map((name) => `${name}: eve`), ""].join("\r\n");
  const bytes = Buffer.from(`GET /orders/7 HTTP/1.1\r\n${headers}\r\n`);
  const answer = await send({ bytes, client: "web", method: "GET", body: Buffer.alloc(0) }, url);
  assert.equal(answer.status, 200);
  const [request] = upstream.requests.slice(before);
  assert.equal(request?.headers["x-postern-workload"], webWorkload);
  assert.ok(!request?.rawHeaders.includes("eve"));
  const [record] = (await recordsOf(join(out, "state"), [answer])).values();
  assert.ok(record?.checks.includes("encrypted"));
});

test("a changed policy is in force without a new Envoy, an invalid one leaves the last good one", async () => {
  const path = join(folder, "policy.yaml");
  const get = async () =>
    (
      await send(
        {
          bytes: Buffer.from("GET /healthz HTTP/1.1\r\nhost: shop.example\r\n\r\n"),
          client: "none",
          method: "GET",
          body: Buffer.alloc(0),
        },
        url,
      )
    ).status;
  assert.equal(await get(), 200);
  await writeFile(
    path,
    parityPolicy.replace("methods: [GET, HEAD], path: /healthz", "methods: [HEAD], path: /healthz"),
  );
  await eventually(get, (status) => status === 403);
  await writeFile(path, "version: 2\n");
  await writeFile(path, parityPolicy);
  await eventually(get, (status) => status === 200);
});

test("where the policy inspects more than Envoy was rendered to bring, what lies behind is not inspected, and nobody passes", async () => {
  const post = async (length: number) => {
    const body = Buffer.from(`a=${"x".repeat(length)}&q=1%27+UNION+SELECT+password+FROM+users--`);
    const fields = `content-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}`;
    const bytes = Buffer.concat([
      Buffer.from(`POST /search/a HTTP/1.1\r\nhost: shop.example\r\n${fields}\r\n\r\n`),
      body,
    ]);
    return (await send({ bytes, client: "none", method: "POST", body }, url)).status;
  };
  assert.equal(await post(70_000), 413);
  const wider = "path: /search/** }, public: true, score: { deadline: 30s, maxBody: ";
  assert.ok(parityPolicy.includes(`${wider}16KiB`));
  await writeFile(join(folder, "policy.yaml"), parityPolicy.replace(`${wider}16KiB`, `${wider}256KiB`));
  await eventually(
    () => post(20_000),
    (status) => status === 403,
  );
  assert.equal(await post(70_000), 503);
  await writeFile(join(folder, "policy.yaml"), parityPolicy);
  await eventually(
    () => post(20_000),
    (status) => status === 413,
  );
});

test("an assertion is signed where it decides: the upstream can prove it, and never gets what a client sent", async () => {
  const asking = parityPolicy
    .replace("  workloads:", "  assertion: { issuer: https://gate.example, audience: shop }\n  workloads:")
    .replace(
      "routes:",
      "routes:\n  - { name: signed, match: { path: /signed }, allow: [{ workloads: [" +
        webWorkload +
        "] }], assertion: true, score: off }",
    );
  await writeFile(join(folder, "policy.yaml"), asking);
  const head = "GET /signed HTTP/1.1\r\nhost: shop.example\r\nx-postern-assertion: forged\r\n\r\n";
  const ask = () => send({ bytes: Buffer.from(head), client: "web", method: "GET", body: Buffer.alloc(0) }, url);
  await eventually(ask, ({ status }) => status === 200);
  const published = JSON.parse(await readFile(join(out, "state", "assertion-jwks.json"), "utf8"));
  const wanted = { issuer: "https://gate.example", audience: "shop", algorithms: ["ES256"] };
  const assertion = String(upstream.requests.at(-1)?.headers["x-postern-assertion"]);
  const { payload } = await jwtVerify(assertion, createLocalJWKSet(published), wanted);
  assert.equal(payload.sub, webWorkload);
  await ask();
  assert.equal(upstream.requests.at(-1)?.headers["x-postern-assertion"], assertion, "it is used again");
  await writeFile(join(folder, "policy.yaml"), parityPolicy);
  await eventually(ask, ({ status }) => status === 403);
});

test("a revocation that would have no effect is not taken", async () => {
  const { output, ended } = runPostern(["revoke", "--sub", "kim", "--state", join(out, "state")]);
  assert.equal(await ended, 1);
  assert.match(output(), /this sidecar has no such command/);
});

test("without the sidecar nobody passes", async () => {
  sidecar.kill("SIGKILL");
  const bytes = Buffer.from("GET /healthz HTTP/1.1\r\nhost: shop.example\r\n\r\n");
  const answer = await send({ bytes, client: "none", method: "GET", body: Buffer.alloc(0) }, url);
  assert.equal(answer.status, 503);
  await rm(join(out, "run", "sidecar.sock"), { force: true });
  sidecar = await startRenderedSidecar(out);
  const back = async () => (await send({ bytes, client: "none", method: "GET", body: Buffer.alloc(0) }, url)).status;
  await eventually(back, (status) => status === 200);
  assert.match(await readFile(join(out, "state", "log", "head.json"), "utf8"), /"head"/);
});
