import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { valueKinds } from "../../inference-sidecar/src/core/value.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { BundleStore } from "../../inference-sidecar/src/models/bundle-store.ts";
import { readDecisions } from "../../scripts/decision-log/read.ts";
import { loadScorer } from "../../scripts/model/shipped-model.ts";
import { smokeTest } from "../../scripts/model/smoke-test.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern, startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { otherBundle, shiftBenign } from "../models/other-bundle.ts";
import { bundleFolder } from "../models/shipped-path.ts";

/** Every request waits for the model; the budget ties the thresholds to the bundle's calibration. */
const policy = `
version: 1
mode: prevent
routes:
  - { name: asked, match: { path: /asked }, public: true, score: { ask: always, deadline: 10s, falsePositiveBudget: 1% } }
`;
/** So short, or so much of an attack, that the window which is scored is the whole value. */
const values = ["a shoe", "I'd like", "1' UNION SELECT username, password FROM users --"];
const hostile = values.at(-1);
const CLIENTS = 6;
/** At least so many before the swap and after it. */
const REQUESTS = 60;

interface Answer {
  readonly value: string;
  readonly status: number;
  readonly id: string;
}

let folder = "";
let state = "";
let upstream: RecordingUpstream;
let gateway: TestGateway;
let old = "";
let changed = "";

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "model-"));
    state = join(folder, "state");
    upstream = await startRecordingUpstream();
    gateway = await startTestGateway({ upstream: upstream.url, policy, state, workers: 2 });
    old = JSON.parse(await readFile(join(bundleFolder, "manifest.json"), "utf8")).digest;
    changed = await otherBundle(join(folder, "changed"));
  },
  { timeout: 120_000 },
);
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `postern model use`; gives its exit code and what it said. */
async function use(directory: string): Promise<{ code: number | null; said: string }> {
  const { ended, output } = runPostern(["model", "use", directory, "--state", state]);
  return { code: await ended, said: output() };
}

/** Has clients ask without a pause while `work` goes on, and `REQUESTS` times before and after it. */
async function underLoad(work: () => Promise<void>): Promise<{ answers: Answer[]; after: Answer[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const answers: Answer[] = [];
  let going = true;
  const client = async (number: number) => {
    for (let i = number; going; i++) {
      const value = values[i % values.length] as string;
      answers.push({ value, ...(await send(agent, value)) });
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  const more = (count: number) =>
    eventually(
      () => answers.length,
      (length) => length >= count,
      60_000,
    );
  await more(REQUESTS);
  await work();
  const before = answers.length;
  // Those that were under way when the work was done may be of either.
  await more(before + CLIENTS + REQUESTS);
  going = false;
  await Promise.all(clients);
  agent.destroy();
  return { answers, after: answers.slice(before + CLIENTS) };
}

function send(agent: Agent, value: string): Promise<{ status: number; id: string }> {
  return new Promise((done) => {
    const call = request(`${gateway.url}/asked?q=${encodeURIComponent(value)}`, { agent }, (response) => {
      const told = { status: response.statusCode ?? 0, id: String(response.headers["x-postern-decision"]) };
      response.resume();
      response.on("end", () => done(told)).on("error", () => done({ status: 0, id: "" }));
    });
    call.on("error", () => done({ status: 0, id: "" }));
    call.end();
  });
}

/** The records of all answers, once they are in the log. */
async function recordsOf(answers: readonly Answer[]): Promise<Map<string, LogRecord>> {
  const wanted = new Set(answers.map(({ id }) => id));
  return eventually(
    async () => {
      const found = new Map<string, LogRecord>();
      for await (const record of readDecisions(state)) if (wanted.has(record.id)) found.set(record.id, record);
      return found;
    },
    (found) => found.size === wanted.size,
  );
}

/** Each answer is right, arrived or not as it says, and its record is whole: of one bundle, with that bundle's own score. */
async function requireRight(answers: readonly Answer[]): Promise<Map<string, LogRecord>> {
  const scores = new Map<string, Map<string, number>>();
  for (const [bundle, directory] of [
    [old, bundleFolder],
    [changed, join(folder, "changed")],
  ] as const) {
    const score = await loadScorer(directory);
    const windows = values.map((value) => ({
      bytes: Buffer.from(value),
      edges: 3,
      kind: valueKinds.indexOf("query-value"),
    }));
    const millionths = (await score(windows)).map(({ attackMillionths }) => attackMillionths);
    scores.set(bundle, new Map(values.map((value, index) => [value, millionths[index] ?? 0])));
  }
  const records = await recordsOf(answers);
  for (const { value, status, id } of answers) {
    assert.equal(status, value === hostile ? 403 : 200, value);
    const record = records.get(id) as LogRecord;
    assert.equal(record.score.uninspected, null);
    assert.equal(record.score.by, "model");
    if (record.score.finding?.field !== "query:q") continue;
    const expected = scores.get(record.bundle)?.get(value);
    assert.equal(Math.round(record.score.value * 1_000_000), expected, `${value} by ${record.bundle}`);
  }
  return records;
}

const bundlesOf = (records: Map<string, LogRecord>, answers: readonly Answer[]) =>
  new Set(answers.map(({ id }) => records.get(id)?.bundle));

describe("postern model use", () => {
  test("puts a bundle in force under load: no request is lost or goes unscored, each is judged by one bundle", {
    timeout: 180_000,
  }, async () => {
    const { answers, after: last } = await underLoad(async () => {
      const { code, said } = await use(join(folder, "changed"));
      assert.equal(code, 0, said);
      assert.match(said, new RegExp(`bundle ${changed} is in force\nback: postern model use .*${old}`));
    });
    const records = await requireRight(answers);
    assert.deepEqual(bundlesOf(records, answers), new Set([old, changed]));
    assert.deepEqual(bundlesOf(records, last), new Set([changed]));
  });

  test("goes back to the one before, though the sidecar is killed in the midst", { timeout: 180_000 }, async () => {
    const store = new BundleStore(state);
    const sidecar = await gateway.sidecarPid();
    const using = use(store.directoryOf(old));
    await eventually(
      () => store.wish(),
      (wish) => wish?.bundle === old,
      60_000,
    );
    process.kill(sidecar, "SIGKILL");
    const { code, said } = await using;
    assert.equal(code, 0, said);
    assert.deepEqual(await bundlesInUse(), new Set([old]));
  });

  test("refuses what is no bundle, what tells nothing apart, and what the policy can't stand on", {
    timeout: 180_000,
  }, async () => {
    const inert = join(folder, "inert");
    await otherBundle(inert, ({ model }) => shiftBenign(model, 40));
    const blind = join(folder, "blind");
    await otherBundle(blind, ({ screen }) => screen.fill(0, 16));
    const torn = join(folder, "torn");
    await otherBundle(torn);
    await writeFile(join(torn, "model.onnx"), "");
    const bare = join(folder, "bare");
    await otherBundle(bare, ({ thresholds }) => {
      thresholds.modelDeny = (thresholds.modelDeny ?? 0) + 1;
    });
    const twin = join(folder, "twin");
    await otherBundle(twin);
    for (const directory of [bare, twin]) {
      const manifest = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8"));
      await writeFile(join(directory, "manifest.json"), JSON.stringify({ ...manifest, calibration: undefined }));
    }
    const refusals: [string, RegExp][] = [
      [inert, /can't be used: its model takes attacks for ordinary values/],
      [torn, /can't be used: model\.onnx is not the file of the manifest/],
      [
        twin,
        /twin has the digest of a bundle in the state folder, but says something else of its input or calibration/,
      ],
      [bare, /the gateway refused the bundle, and keeps the one before: .*the bundle has no calibration/s],
    ];
    await assert.rejects(smokeTest(blind), /its screen takes attacks for ordinary values/);
    for (const [directory, why] of refusals) {
      const { code, said } = await use(directory);
      assert.equal(code, 1, said);
      assert.match(said, why);
    }
    const store = new BundleStore(state);
    assert.equal((await store.wish())?.bundle, old);
    assert.deepEqual(await bundlesInUse(), new Set([old]));
    const [kept, given] = await Promise.all(
      [store.directoryOf(changed), join(folder, "changed")].map((of) => readFile(join(of, "manifest.json"), "utf8")),
    );
    assert.equal(kept, given, "what was refused is in nobody's place");
  });

  test("holds after a restart, and is taken up where no gateway was running", { timeout: 180_000 }, async () => {
    await gateway.stop();
    const { code, said } = await use(join(folder, "changed"));
    assert.equal(code, 0, said);
    assert.match(said, /is used from the next start on/);
    gateway = await startTestGateway({ upstream: upstream.url, policy, state, workers: 2 });
    assert.deepEqual(await bundlesInUse(), new Set([changed]));
  });
});

/** The bundles by which requests are judged now, each with its own model's score. */
async function bundlesInUse(): Promise<Set<string | undefined>> {
  const { answers } = await underLoad(async () => undefined);
  return bundlesOf(await requireRight(answers), answers);
}
