import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { benignRequests } from "../../scripts/bench/benign.ts";
import { eventually } from "../harness/eventually.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { answer, benign, type PlayedSidecar, playSidecar, scores, syncResponse } from "./played-sidecar.ts";

const tills = Array.from({ length: 60 }, (_, index) => `till-${index}`);
const keyOf = (till: string) => `the-key-of-${till}`;

let issuer: TestIssuer;
let policy = "";
let upstream: RecordingUpstream;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    issuer = await makeIssuer("https://issuer.test", "shop");
    const keys = `inline: ${issuer.jwks}`;
    const apiKeys = tills.map(
      (name) => `{ name: ${name}, sha256: ${createHash("sha256").update(keyOf(name)).digest("hex")} }`,
    );
    policy = `
version: 1
mode: detect
identity:
  issuers: [{ name: shop, issuer: "https://issuer.test", audiences: [shop], algorithms: [ES256], jwks: { ${keys} } }]
  apiKeys: { keys: [${apiKeys.join(", ")}] }
routes:
  - { name: tills, match: { path: /tills }, allow: [{ apiKeys: [${tills.join(", ")}] }], ladder: { floor: detect, ceiling: prevent } }
  - { name: fixed, match: { path: /fixed }, allow: [{ issuer: shop }], score: { ask: always } }
  - { name: moving, match: { path: /moving }, allow: [{ issuer: shop }], ladder: { floor: detect, ceiling: prevent }, score: { ask: always } }
  - { name: open, match: { path: /eased }, public: true, ladder: { floor: observe, ceiling: adapt }, score: { ask: always, deadline: 5s } }
`;
    upstream = await startRecordingUpstream();
    gate = await startEnforcement({ upstream: upstream.url, policy, workers: 2 });
    sidecar = await playSidecar(gate.sidecarSocket, benign);
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

let version = 0;
type Given = { route: string; mode?: string; rung: string; canary?: object | null; modelDenyMillionths?: number };

/** Has every worker take this state. */
async function give(...routes: readonly Given[]): Promise<void> {
  version += 1;
  const state = {
    version,
    routes: routes.map((route) => ({ mode: "DETECT", canary: null, modelDenyMillionths: 0, ...route })),
  };
  sidecar.sync = (stream, has) => answer(stream, has === state.version ? Buffer.alloc(0) : syncResponse(state));
  await eventually(
    () => [...sidecar.workers.values()],
    (versions) => versions.length === 3 && versions.every((one) => one === version),
  );
}

/** The rung on which a request stood, as its record says. */
async function rungOf(path: string, subject: string | null = "ada"): Promise<string> {
  if (subject === null) return rungWith(path, {});
  const token = await issuer.token("ES256", "read", { claims: { sub: subject } });
  return rungWith(path, { authorization: `Bearer ${token}` });
}

async function rungWith(path: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(`${gate.url}${path}`, { headers });
  await response.arrayBuffer();
  return String((await sidecar.record(response.headers.get("x-postern-decision") ?? "")).rung);
}

test("a moved route stands on its new rung, the others where the policy says", async () => {
  assert.deepEqual([await rungOf("/moving"), await rungOf("/fixed")], ["DETECT", "DETECT"]);
  await give({ route: "moving", rung: "PREVENT" });
  assert.deepEqual([await rungOf("/moving"), await rungOf("/fixed")], ["PREVENT", "DETECT"]);
});

test("a sidecar that lies can't move a route out of its ladder", async () => {
  for (const lie of ["OBSERVE", "ADAPT"]) {
    const canary = { rung: lie, shareMillionths: 1_000_000, salt: Buffer.alloc(16) };
    await give({ route: "fixed", rung: lie, canary }, { route: "moving", rung: lie, canary });
    const expected = ["DETECT", lie === "OBSERVE" ? "DETECT" : "PREVENT"];
    assert.deepEqual([await rungOf("/fixed"), await rungOf("/moving")], expected);
  }
  const identity = await fetch(`${gate.url}/moving`);
  assert.equal(identity.status, 401);
});

test("a move from another rung than the policy's is void", async () => {
  await give({ route: "moving", mode: "OBSERVE", rung: "PREVENT" });
  assert.equal(await rungOf("/moving"), "DETECT");
});

test("a canary has its share of the principals, always the same, and everybody without a name", async () => {
  const canary = { rung: "PREVENT", shareMillionths: 300_000, salt: Buffer.from("0123456789abcdef") };
  await give({ route: "moving", rung: "DETECT", canary }, { route: "open", rung: "DETECT", canary });
  const people = Array.from({ length: 60 }, (_, index) => `person-${index}`);
  const first = await Promise.all(people.map((name) => rungOf("/moving", name)));
  const inside = first.filter((rung) => rung === "PREVENT").length;
  // Three standard deviations of the binomial distribution around 18.
  assert.ok(inside >= 8 && inside <= 28, `${inside} of 60`);
  assert.deepEqual(await Promise.all(people.map((name) => rungOf("/moving", name))), first);
  assert.equal(await rungOf("/eased", null), "PREVENT");
  await give({ route: "moving", rung: "DETECT", canary: { ...canary, salt: Buffer.from("fedcba9876543210") } });
  assert.notDeepEqual(await Promise.all(people.map((name) => rungOf("/moving", name))), first);
});

test("the name of an API key is a principal's: not all machines are in a canary", async () => {
  const canary = { rung: "PREVENT", shareMillionths: 300_000, salt: Buffer.from("0123456789abcdef") };
  await give({ route: "tills", rung: "DETECT", canary });
  const rungs = await Promise.all(tills.map((till) => rungWith("/tills", { "x-api-key": keyOf(till) })));
  const inside = rungs.filter((rung) => rung === "PREVENT").length;
  assert.ok(inside >= 8 && inside <= 28, `${inside} of 60`);
  const unknown = await rungWith("/tills", { "x-api-key": "a-key-that-nobody-has-been-given" });
  assert.equal(unknown, "PREVENT", "a key that is not accepted is no name");
});

test("a threshold of adapt stays within its limits, and leaves with the rung", async () => {
  const { thresholds } = JSON.parse(await readFile("models/bundle/manifest.json", "utf8"));
  const shipped: number = thresholds.modelDeny;
  const limit = shipped + (1_000_000 - shipped) / 2;
  const [unsure = ""] = (await benignRequests()).unsure;
  const judged = async (millionths: number) => {
    sidecar.behave = (stream, windows) => answer(stream, scores(...windows.map(() => millionths)));
    const { status, headers } = await fetch(`${gate.url}/eased?q=${encodeURIComponent(unsure)}`);
    await sidecar.record(headers.get("x-postern-decision") ?? "");
    return status;
  };
  await give({ route: "open", rung: "ADAPT", modelDenyMillionths: shipped + 1_000 });
  assert.deepEqual([await judged(shipped + 999), await judged(shipped + 1_000)], [200, 403]);
  await give({ route: "open", rung: "ADAPT", modelDenyMillionths: 1_000_000 });
  assert.deepEqual([await judged(Math.floor(limit) - 1), await judged(Math.ceil(limit))], [200, 403]);
  for (const wish of [
    { rung: "ADAPT", modelDenyMillionths: 1 },
    { rung: "PREVENT", modelDenyMillionths: 900_000 },
  ]) {
    await give({ route: "open", ...wish });
    assert.deepEqual([await judged(shipped - 1), await judged(shipped)], [200, 403]);
  }
  sidecar.behave = benign;
});

test("a move holds without the sidecar, in a VM that is made anew, and in an Envoy that starts", async () => {
  await give({ route: "open", rung: "PREVENT" });
  await sidecar.stop();
  const attack = `/eased?q=${encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --")}`;
  assert.equal((await fetch(`${gate.url}${attack}`)).status, 503);
  await gate.change(policy.replace("mode: detect", "mode: detect\nlog: batched\n# again"));
  assert.equal((await fetch(`${gate.url}${attack}`)).status, 503);
  const state = { version: 7, routes: [{ route: "open", mode: "DETECT", rung: "PREVENT", modelDenyMillionths: 0 }] };
  const other = await startEnforcement({ upstream: upstream.url, policy, syncState: syncResponse(state) });
  try {
    assert.equal((await fetch(`${other.url}${attack}`)).status, 503);
  } finally {
    await other.stop();
  }
  sidecar = await playSidecar(gate.sidecarSocket, benign);
});
