import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { AskModel, Core, Evaluation, EvaluationRequest, Gate } from "../../scripts/core.ts";
import { readDecisions } from "../../scripts/decision-log/read.ts";
import type { Certificate } from "../../scripts/demo/certificate.ts";
import { upstreamPlan } from "../../scripts/gateway/envoy-plan.ts";
import { secretsOf } from "../../scripts/gateway/policy-force.ts";
import type { TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway, type TestGateway } from "../harness/gateway.ts";
import { KeepAliveConnection } from "../harness/keep-alive.ts";
import { Random } from "../harness/random.ts";
import type { RawAnswer } from "../harness/raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { shippedPath } from "../models/shipped-path.ts";
import { localModel } from "./ask-model.ts";
import { writeParityFolder } from "./parity-folder.ts";
import { parityPolicy } from "./parity-policy.ts";
import { readSeen, type Seen, startProbe } from "./parity-probe.ts";
import { type Client, clients, generateRequest, type ParityRequest } from "./parity-requests.ts";
import { makeTokens } from "./parity-tokens.ts";
import { valuesDigests } from "./values-digest.ts";

const REQUESTS = 10_000;
const seed = Number(process.env.PARITY_SEED ?? 20_261_122);
/** Connections to each Envoy for each client. */
const CONNECTIONS: Record<Client, number> = { none: 8, web: 2, other: 2, proxy: 2 };
/** A row's probabilities differ in the last bits with the batch that it is in. */
const MODEL_TOLERANCE = 20e-6;

const MOST_SHOWN = 5;

interface Exchange {
  readonly request: ParityRequest;
  readonly answer: RawAnswer;
  /** Null: Envoy refused the request before any filter saw it. */
  readonly seen: Seen | null;
}

let folder: string;
let upstream: RecordingUpstream;
let gateway: TestGateway;
let probe: TestEnvoy;
let path: Awaited<ReturnType<typeof shippedPath>>;
let core: Core;
let gate: Gate;
let exchanges: Exchange[];
let records: Map<string, LogRecord>;

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "parity-"));
    const { issuers, files, certificates } = await writeParityFolder(folder);
    const file = (name: string) => join(folder, name);
    upstream = await startRecordingUpstream();
    const tls = {
      certificateFile: file("server.pem"),
      keyFile: file("server.key"),
      trustBundleFile: file("ca.pem"),
      secretsFolder: null,
    };
    [gateway, probe, path] = await Promise.all([
      startTestGateway({ upstream: upstream.url, policy: parityPolicy, files }),
      upstreamPlan(upstream.url).then((plan) => startProbe(tls, plan)),
      shippedPath(),
    ]);
    core = path.core;
    const { policy } = await loadPolicy(file("policy.yaml"));
    gate = core.openGate(compilePolicy(policy).blob, secretsOf(policy));

    const random = new Random(seed);
    const tokens = await makeTokens(issuers);
    const requests = Array.from({ length: REQUESTS }, () => generateRequest(random, tokens));
    exchanges = await exchange(requests, certificates, `https://127.0.0.1:${await probe.port("edge")}`);
    records = await recordsOf(exchanges);
  },
  { timeout: 300_000 },
);
after(async () => {
  await gateway?.stop();
  await probe?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Sends every request to the gateway and to the probe, over connections that are kept. */
async function exchange(
  requests: readonly ParityRequest[],
  certificates: Record<Client, Certificate | null>,
  probeUrl: string,
): Promise<Exchange[]> {
  const results: Exchange[] = [];
  const lanes = clients.flatMap((client) => {
    const waiting = requests.filter((request) => request.client === client).values();
    return Array.from({ length: CONNECTIONS[client] }, () => lane(waiting, certificates[client]));
  });
  async function lane(waiting: Iterator<ParityRequest> & Iterable<ParityRequest>, certificate: Certificate | null) {
    const credentials = certificate && { cert: certificate.certificatePem, key: certificate.keyPem };
    const options = { rejectUnauthorized: false, ...credentials };
    const connections = [gateway.url, probeUrl].map((url) => new KeepAliveConnection(url, options));
    for (const request of waiting) {
      const { method, bytes } = request;
      const [answer, probed] = await Promise.all(connections.map((connection) => connection.send(method, bytes)));
      const seen = probed?.headers["x-seen"];
      results.push({ request, answer: answer as RawAnswer, seen: seen === undefined ? null : readSeen(seen) });
    }
    for (const connection of connections) connection.close();
  }
  await Promise.all(lanes);
  return results;
}

function shown({ request }: Exchange): string {
  return JSON.stringify(request.bytes.toString("latin1", 0, 2000));
}

function reasonCodes(): string[] {
  return [...readFileSync("docs/reasons.md", "utf8").matchAll(/^\| `(\w+)` \| \d+ \|/gm)].map(([, code = ""]) => code);
}

/** How many records there are of each reason and of each that a score rests on. */
function counted(all: readonly LogRecord[]): string {
  const counts = new Map<string, number>();
  for (const { reason, wouldDeny, score } of all)
    for (const name of [wouldDeny ?? reason, `by ${score.by}`]) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}

const decisionOf = ({ answer }: Exchange) => answer.headers["x-postern-decision"];

async function recordsOf(all: readonly Exchange[]): Promise<Map<string, LogRecord>> {
  const wanted = all.flatMap((one) => decisionOf(one) ?? []);
  return eventually(
    async () => {
      const found = new Map<string, LogRecord>();
      for await (const record of readDecisions(gateway.state)) found.set(record.id, record);
      return found;
    },
    (found) => wanted.every((id) => found.has(id)),
  );
}

/** The request as the filter saw it, and when. */
function asSeen({ request, seen }: Exchange & { seen: Seen }, at: number): EvaluationRequest {
  return { headers: seen.headers, body: request.body, at, ...(seen.peer && { peer: seen.peer }) };
}

const seenBoth = () =>
  exchanges.filter((one): one is Exchange & { seen: Seen } => one.seen !== null && decisionOf(one) !== undefined);

/** What the record of the filter says, in the core's words. */
function recorded(record: LogRecord) {
  const { route, rung, effect, reason, wouldDeny, subject, score } = record;
  return {
    route,
    rung,
    effect,
    reason,
    wouldDeny,
    issuer: subject.issuer,
    identified: subject.id !== "",
    workload: subject.workload,
    grant: subject.grant,
    token: subject.token,
    by: score.by,
    score: score.by === "model" ? 0 : score.value,
    class: score.class,
    uninspected: score.uninspected,
    // Its last digits are those of the runtime, as the probability's.
    surprisal: score.surprisal !== null,
    finding: score.finding,
  };
}

function computed({ route, rung, verdict, subject, grant, token, score }: Evaluation): ReturnType<typeof recorded> {
  const { finding } = score;
  return {
    route: route ?? "",
    rung,
    effect: verdict.effect,
    reason: verdict.reason,
    wouldDeny: verdict.wouldDeny,
    issuer: subject.issuer ?? "",
    identified: subject.id !== "",
    workload: subject.workload,
    grant,
    token,
    by: score.by,
    score: score.by === "model" ? 0 : score.millionths / 1_000_000,
    class: score.attackClass ?? "",
    uninspected: score.uninspected,
    surprisal: score.surprisal !== null,
    finding: finding && {
      field: finding.field,
      start: finding.start,
      end: finding.end,
      decodings: [...finding.decodings],
    },
  };
}

test(`Envoy refuses few of ${REQUESTS} requests by itself, and both Envoys the same (PARITY_SEED=${seed})`, (context) => {
  const refused = exchanges.filter((one) => decisionOf(one) === undefined);
  const unseen = exchanges.filter(({ seen }) => seen === null);
  assert.deepEqual(refused, unseen);
  assert.ok(refused.length <= REQUESTS / 50, `${refused.length} refused`);
  // 400: its codec; 404: a target that is no path.
  for (const one of refused) assert.ok([400, 404].includes(one.answer.status), `${one.answer.status}: ${shown(one)}`);
  context.diagnostic(`${refused.length} of ${REQUESTS} refused by Envoy; ${counted([...records.values()])}`);
});

test("the core extracts the very values that the filter does, and the screen scores each alike", () => {
  const seen = seenBoth();
  const digests = valuesDigests(
    core,
    seen.map((one) => asSeen(one, 0)),
  );
  const different = seen.filter((one, index) => !digests[index]?.equals(one.seen.digest));
  assert.deepEqual(different.slice(0, MOST_SHOWN).map(shown), [], `${different.length} differ`);
});

/** Null: alike. */
async function difference(one: Exchange & { seen: Seen }, ask: AskModel): Promise<object | null> {
  const record = records.get(decisionOf(one) ?? "") as LogRecord;
  const evaluation = await gate.decide(asSeen(one, Date.parse(record.time)), ask);
  const { verdict, score } = evaluation;
  const [filter, inNode] = [recorded(record), computed(evaluation)];
  const distance = score.by === "model" ? Math.abs(record.score.value - score.millionths / 1_000_000) : 0;
  const status = verdict.effect === "deny" ? verdict.status : 200;
  if (isDeepStrictEqual(filter, inNode) && distance <= MODEL_TOLERANCE && one.answer.status === status) return null;
  return { request: shown(one), filter, inNode, distance, status: one.answer.status };
}

test("the core decides as the filter did, for the same reason, on the same score", {
  timeout: 120_000,
}, async (context) => {
  const ask = localModel(path);
  const differences: object[] = [];
  let withoutModel = 0;
  for (const one of seenBoth()) {
    let found = await difference(one, ask);
    if (found && records.get(decisionOf(one) ?? "")?.score.uninspected === "score_unavailable") {
      withoutModel += 1;
      found = await difference(one, async () => "unavailable");
    }
    if (found) differences.push(found);
  }
  assert.deepEqual(differences.slice(0, MOST_SHOWN), [], `${differences.length} differ`);
  context.diagnostic(`${withoutModel} decided while the machine was too busy for the model`);
  assert.ok(withoutModel <= REQUESTS / 500);
});

test("the requests were of every kind: no reason, route, rung or token's outcome is missing", () => {
  const all = [...records.values()];
  const kinds = (of: (record: LogRecord) => string) => new Set(all.map(of));
  assert.deepEqual([...kinds(({ score }) => score.by)].sort(), ["model", "nothing", "screen", "uninspected"]);
  assert.deepEqual([...kinds(({ rung }) => rung)].sort(), ["detect", "observe", "prevent"]);
  assert.equal(kinds(({ route }) => route).size, 11);
  const reasons = new Set(all.flatMap(({ reason, wouldDeny }) => [reason, wouldDeny ?? reason]));
  // A flood, a client that goes away, a model or a log that is gone: not what one request can do. Then what rests on the
  // connection, which the core does not know, and what the policy does not ask for.
  const others =
    /^(verification_budget|flood_limit|token_unverifiable|keys_unavailable|token_revoked|revocations_stale|request_incomplete|score_unavailable|inspection_budget|log_unavailable|upgrade_unscored|token_(confirmation|certificate|unbound)|dpop_.*|grant_denied|certificate_expired|authentication_insufficient|assertion_unavailable|score_step_up)$/;
  assert.deepEqual(
    reasonCodes().filter((code) => !reasons.has(code) && !others.test(code)),
    [],
  );
});
