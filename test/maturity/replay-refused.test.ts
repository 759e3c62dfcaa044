import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EvidenceStore } from "../../inference-sidecar/src/evidence/evidence-store.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { replay } from "../../scripts/replay/replay.ts";
import { makePolicyFolder } from "../policy/policy-folder.ts";
import { askDayModel } from "./day.ts";

const bundle = "b0".repeat(32);
let folder: string;
let remove: () => Promise<void>;

before(async () => {
  ({ folder, remove } = await makePolicyFolder());
  await writeFile(join(folder, "shop.secret"), "a-secret-that-is-long-enough-for-this-test-of-replay");
});
after(() => remove());

const policyOf = async (text: string) => (await parsePolicy(text, join(folder, "policy.yaml"))).policy;

interface Refusal {
  /** Null: it was let in. */
  readonly reason: string | null;
  readonly token?: string;
  /** Refused by the policy of then; else that policy was on observe, and would have refused it. */
  readonly denied: boolean;
  readonly isKept?: boolean;
  /** What was kept of who asked. */
  readonly asker?: object;
}

/** What replay says of one request of `tills` that was refused, or would have been. */
async function replayed(today: string, tomorrow: string, { reason, token, denied, isKept = true, asker }: Refusal) {
  const state = await mkdtemp(join(folder, "state-"));
  await mkdir(join(state, "log"));
  const store = await EvidenceStore.open(state, { retentionBytes: 1 << 30, retentionDays: 90 });
  const request = { method: "GET", authority: "a", path: "/tills", headers: [], body: "", peer: null, source: "" };
  const kept = Buffer.from(JSON.stringify({ v: 1, window: null, ...request, token: null, ...asker }));
  const [evidence = null] = isKept ? await store.put([kept]) : [];
  await store.close();
  const subject = {
    apiKey: "",
    id: "",
    workload: "",
    token: token ?? "absent",
    grant: "",
    expiredGrant: null,
    issuer: "",
  };
  const score = { by: "nothing", value: 0, finding: null, uninspected: null };
  const decided = denied
    ? { effect: "deny", reason, wouldDeny: null, rung: "detect" }
    : { effect: "permit", reason: "permitted", wouldDeny: reason, rung: "observe" };
  const record = { id: "1".repeat(32), time: "2026-11-26T12:00:00.000Z", policy: "p", bundle, route: "tills" };
  const lines = [
    { configuration: describeConfiguration(await policyOf(today), "p") },
    { ...record, ...decided, subject, score, evidence },
  ];
  const linked = lines.map((line, index) => `${JSON.stringify({ n: index + 1, prev: "", ...line })}\n`);
  await writeFile(join(state, "log", "decisions-2026-11-26-0001.jsonl"), linked.join(""));
  const policy = await policyOf(tomorrow);
  const report = await replay({ stateDirectory: state, policy, bundle: null, bundleDigest: bundle, ask: askDayModel });
  const changed = [...report.newlyDenied.examples, ...report.newlyAllowed.examples].map(({ now }) => now);
  return { outcome: report.outcome, changed, notReplayed: Object.keys(report.notReplayed) };
}

const byToken = (mode: string, { skew = "30s", route = "" } = {}) => `
version: 1
identity:
  issuers:
    - { name: shop, issuer: "https://i.example", audiences: [o], algorithms: [HS256], clockSkew: ${skew}, secret: { file: ./shop.secret } }
routes:
  - { name: tills, match: { path: /tills }, allow: [{ issuer: shop }], mode: ${mode}, evidence: values${route} }
`;

test("a token that another policy might take is counted by its refusal, not as denied as before", async () => {
  const looser = byToken("detect", { skew: "5m" });
  const bound = byToken("detect", { route: ", senderConstrained: any" });
  for (const [reason, today, tomorrow] of [
    ["token_expired", byToken("detect"), looser],
    ["token_not_yet_valid", byToken("detect"), looser],
    ["token_issued_in_future", byToken("detect"), looser],
    ["token_unbound", bound, byToken("detect")],
    ["token_certificate", bound, byToken("detect")],
  ] as const) {
    const told = await replayed(today, tomorrow, { reason, token: reason, denied: true });
    const notReplayed = [`its token had been refused (${reason})`];
    assert.deepEqual(told, { outcome: "too_few", changed: [], notReplayed });
  }
  const forged = { reason: "token_signature", token: "token_signature", denied: true };
  const told = await replayed(byToken("detect"), looser, forged);
  assert.equal(told.outcome, "same", "no policy makes that one good");
});

test("under a policy that asks the same, the record tells that such a token is refused again", async () => {
  const expired = { reason: "token_expired", token: "token_expired", denied: true };
  const told = await replayed(byToken("detect"), byToken("detect"), expired);
  assert.deepEqual(told, { outcome: "same", changed: [], notReplayed: [] });
});

test("what would have been denied is not replayed where what was denied is not: a key that tomorrow's policy has", async () => {
  const byKey = (names: readonly string[], mode: string) => {
    const keys = names.map((name) => `{ name: ${name}, sha256: ${createHash("sha256").update(name).digest("hex")} }`);
    return `
version: 1
identity: { apiKeys: { keys: [${keys.join(", ")}] } }
routes:
  - { name: tills, match: { path: /tills }, allow: [{ apiKeys: [${names.join(", ")}] }], mode: ${mode}, evidence: values }
`;
  };
  for (const denied of [true, false]) {
    const today = byKey(["till"], denied ? "detect" : "observe");
    const told = await replayed(today, byKey(["till", "other"], "detect"), { reason: "api_key_unknown", denied });
    const notReplayed = ["its API key had been refused (api_key_unknown)"];
    assert.deepEqual(told, { outcome: "too_few", changed: [], notReplayed });
  }
});

test("circumstances of then deny nobody tomorrow, whether the request was kept or not", async () => {
  for (const reason of ["token_unverifiable", "keys_unavailable"]) {
    for (const isKept of [true, false]) {
      const told = await replayed(byToken("observe"), byToken("detect"), {
        reason,
        token: reason,
        denied: false,
        isKept,
      });
      const notReplayed = [`it would have been denied for its circumstances (${reason})`];
      assert.deepEqual(told, { outcome: "too_few", changed: [], notReplayed });
    }
  }
});

test("a client's certificate proves nothing tomorrow where none is asked for, or where it is not known", async () => {
  const tls = `
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }`;
  const asking = byToken("detect", { route: ", senderConstrained: any" }).replace(
    "identity:",
    "identity:\n  workloads: { trustDomains: [edge.demo], trustBundle: { file: ./server.pem } }",
  );
  const today = asking.replace("version: 1", `version: 1${tls}`);
  const tomorrow = byToken("detect", { route: ", senderConstrained: any" });
  const claims = { iss: "https://i.example", aud: "o", exp: 4_000_000_000, cnf: { "x5t#S256": "a".repeat(43) } };
  const asker = { peer: "spiffe://edge.demo/web", token: { issuer: "shop", claims } };
  const bound = { reason: null, token: "valid", denied: false, asker };
  const told = await replayed(today, tomorrow, bound);
  assert.deepEqual(told, { outcome: "different", changed: ["token_certificate"], notReplayed: [] });
  const same = await replayed(today, today, bound);
  assert.deepEqual(same, { outcome: "same", changed: [], notReplayed: [] });
  const other = await replayed(today, today.replace("30s", "1m"), { ...bound, asker: { ...asker, peer: null } });
  const notReplayed = ["a proof of possession can't be made again"];
  assert.deepEqual(other, { outcome: "too_few", changed: [], notReplayed });
});
