import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { main } from "../../scripts/cli.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { sendRaw } from "../harness/raw-http.ts";
import { findRecord } from "../harness/record.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { readJson } from "./foreign-policy.ts";
import { startRenderedSidecar } from "./rendered-sidecar.ts";

const issuer = await makeIssuer("https://issuer.example", "orders");
const policy = (top: string) => `
version: 1
mode: detect
${top}
identity:
  issuers:
    - { name: shop, issuer: "${issuer.issuer}", audiences: [orders], algorithms: [ES256], jwks: { inline: ${issuer.jwks} } }
routes:
  - { name: plain, match: { path: /plain/** }, public: true, score: off }
  - { name: closed, match: { path: /closed/** }, allow: [{ issuer: shop, scopes: [read] }], score: off }
`;

let folder = "";
let out = "";
let url = "";
let upstream: RecordingUpstream;
let envoy: TestEnvoy;
let sidecar: ChildProcess;

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "answers-"));
    out = join(folder, "out");
    const path = join(folder, "policy.yaml");
    await writeFile(path, policy(""));
    upstream = await startRecordingUpstream();
    const flags = ["--upstream", upstream.url.origin, "--listen", "127.0.0.1:0"];
    assert.equal(await main(["render", path, "--target", "ext_authz", "--out", out, ...flags]), 0);
    sidecar = await startRenderedSidecar(out);
    envoy = await startEnvoy(() => readJson(join(out, "envoy.json")));
    url = `http://127.0.0.1:${await envoy.port("edge")}`;
  },
  { timeout: 300_000 },
);
after(async () => {
  sidecar?.kill();
  await envoy?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = (target: string, ...fields: string[]) =>
  sendRaw(url, ["GET", target, ["HTTP/1.1", "host: shop.example", ...fields, "", ""].join("\r\n")].join(" "));

async function recordOf({ headers }: { headers: Readonly<Record<string, string>> }) {
  const id = headers["x-postern-decision"] ?? "";
  const found = await eventually(
    () => findRecord(join(out, "state"), id),
    (record) => record !== null,
  );
  assert.ok(found);
  return found;
}

const change = (top: string) => writeFile(join(folder, "policy.yaml"), policy(top));

test("a client's word for the scheme has no plain connection recorded as encrypted", async () => {
  const session = connect(url);
  try {
    const stream = session.request({
      ":path": "/plain/a",
      ":scheme": "https",
      ":authority": "shop.example",
      "x-forwarded-proto": "https",
    });
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    stream.resume();
    assert.equal(Number(headers[":status"]), 200);
    assert.deepEqual((await recordOf({ headers })).checks, []);
  } finally {
    session.close();
  }
});

test("an upgrade names nothing but itself in connection: no proxy behind takes the identity away", async () => {
  const token = await issuer.token("ES256", "read");
  const { status } = await get(
    "/closed/a",
    `authorization: Bearer ${token}`,
    "connection: Upgrade, x-postern-subject",
    "upgrade: websocket",
  );
  assert.equal(status, 200);
  const { connection, upgrade, ...headers } = upstream.requests.at(-1)?.headers ?? {};
  assert.deepEqual([connection, upgrade, headers["x-postern-subject"]], ["Upgrade", "websocket", "ada"]);
});

test("subjects are named in the log as the policy says", async () => {
  await change("subjects: clear");
  const ask = async () => get("/closed/a", `authorization: Bearer ${await issuer.token("ES256", "read")}`);
  const sub = async () => ((await recordOf(await ask())).subject as { sub?: string }).sub ?? null;
  assert.equal(await eventually(sub, (name) => name !== null, 10_000), "ada");
  await change("");
  await eventually(sub, (name) => name === null);
});

test("log: required, on a full disk: who is permitted gets 503, and the record says what became of it", async () => {
  await change("log: required");
  const room = (bytes: string) =>
    promisify(execFile)("prlimit", ["--pid", String(sidecar.pid), `--fsize=${bytes}:unlimited`]);
  await room("1");
  try {
    const refused = await eventually(
      () => get("/plain/b"),
      ({ status }) => status === 503,
    );
    assert.equal(JSON.parse(refused.body).reason, "unavailable");
    await room("unlimited");
    // Nobody asks anything more.
    const { effect, response } = await recordOf(refused);
    assert.equal(effect, "permit");
    await eventually(
      async () => (await recordOf(refused)).response,
      (completed) => completed?.ended === "log_unavailable" && completed.status === 503,
      10_000,
    );
    assert.ok(response === null || response.status === 503);
  } finally {
    await room("unlimited");
  }
  await eventually(
    () => get("/plain/c"),
    ({ status }) => status === 200,
  );
});
