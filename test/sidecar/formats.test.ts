import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { open } from "lmdb";
import { PROTOCOL } from "../../inference-sidecar/src/protocol.ts";
import { fixedModule } from "../../scripts/gateway/filter-module.ts";
import { requirePair } from "../../scripts/gateway/pair-check.ts";
import { stateFolder } from "../../scripts/gateway/state.ts";
import { type RunningSidecar, startSidecar, temporaryFolder, until, wireRecord } from "./harness.ts";

let state = "";
let sidecar: RunningSidecar | undefined;

beforeEach(async () => {
  state = await temporaryFolder();
});
afterEach(async () => {
  await sidecar?.stop();
  await rm(state, { recursive: true, force: true });
});

async function run(): Promise<RunningSidecar> {
  sidecar = await startSidecar({ state });
  await sidecar.event("listening");
  return sidecar;
}

/** It ends with the code for its state folder, and says why. */
async function refuses(why: RegExp): Promise<void> {
  sidecar = await startSidecar({ state });
  const { message } = await sidecar.event("start_failed");
  assert.match(String(message), why);
  assert.equal((await sidecar.exit()).code, 6);
}

async function inStore(work: (about: ReturnType<typeof table>) => Promise<unknown>): Promise<void> {
  const root = open({ path: join(state, "store", "state.mdb"), maxDbs: 16, encoding: "json" });
  await work(table(root));
  await root.close();
}
const table = (root: ReturnType<typeof open>) => root.openDB<number, string>({ name: "about", encoding: "json" });

test("a store of another format is refused by name, and left as it is; one that does not say it is of the first", async () => {
  await (await run()).stop();
  await inStore((about) => about.remove("format"));
  await (await run()).stop();
  await inStore(async (about) => {
    assert.equal(about.get("format"), 1);
    await about.put("format", 2);
  });
  // However often a supervisor starts it.
  for (let start = 0; start < 4; start++) await refuses(/it is of format 2, this release reads 1/);
  await inStore(async (about) => assert.equal(about.get("format"), 2));
});

test("a log with lines of another format is not gone on with", async () => {
  const { client, stop } = await run();
  const digest = Buffer.alloc(32);
  const records = [
    wireRecord({ sequence: 1, decisionId: randomBytes(16), timeUnixMs: Date.now(), responseStatus: 200 }),
  ];
  await client.report({ worker: randomBytes(16), policyDigest: digest, bundleDigest: digest, lost: 0, records });
  await stop();
  const log = join(state, "log");
  const [name = ""] = (await readdir(log)).filter((file) => file.endsWith(".jsonl"));
  const before = await readFile(join(log, name), "utf8");
  const last = JSON.parse(before.trimEnd().split("\n").at(-1) ?? "{}");
  await appendFile(join(log, name), `${JSON.stringify({ n: last.n + 1, prev: "0".repeat(64), v: 2 })}\n`);
  const grown = await readFile(join(log, name), "utf8");
  await refuses(/is of format 2, this release reads 1/);
  assert.equal(await readFile(join(log, name), "utf8"), grown);
});

test("a policy that a gateway two steps away has written is not followed", async () => {
  await mkdir(join(state, "run"), { mode: 0o700 });
  await writeFile(
    join(state, "run", "policy.json"),
    JSON.stringify({ protocol: PROTOCOL + 2, digest: "", policy: {} }),
  );
  const { events } = await run();
  await until("it is said", () => events.some(({ event }) => event === "policy_unreadable"));
  const said = events.find(({ event }) => event === "policy_unreadable");
  assert.match(String(said?.message), /the gateway speaks protocol 4, the sidecar 2 .*\[wrong_pair\]/);
});

test("a gateway does not start beside a sidecar that is no pair, and says which side to change", async () => {
  const folder = stateFolder(state);
  const module = await fixedModule("").current();
  await requirePair(folder, module);
  await run();
  // The tests' own sidecar has the tests' own bundle.
  await assert.rejects(
    requirePair(folder, module),
    /the filter's bundle is \w{64}, the sidecar has .*\[wrong_pair\].*upgrade/,
  );
  const offer = JSON.parse(await readFile(folder.sidecarOfferFile, "utf8"));
  for (const [protocol, why] of [
    [PROTOCOL + 1, null],
    [PROTOCOL - 1, null],
    [PROTOCOL + 2, /the sidecar speaks protocol 4, this gateway 2 .*\[wrong_pair\]/],
  ] as const) {
    await writeFile(folder.sidecarOfferFile, JSON.stringify({ ...offer, protocol }));
    const paired = requirePair(folder, { ...module, bundleDirectory: join(state, "models", offer.bundles[0]) });
    if (why === null) await paired;
    else await assert.rejects(paired, why);
  }
});
