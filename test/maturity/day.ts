import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ATTACK_CLASSES } from "../../inference-sidecar/src/bundle.ts";
import { GENESIS } from "../../inference-sidecar/src/decision-log/chain.ts";
import { makeLogDirectory } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { RecordLine } from "../../inference-sidecar/src/decision-log/record-line.ts";
import { recordOrigin } from "../../inference-sidecar/src/decision-log/record-origin.ts";
import { SealedLog } from "../../inference-sidecar/src/decision-log/sealed-log.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { EFFECTS, SCORED_BY, type WireRecord } from "../../inference-sidecar/src/decision-log/wire-record.ts";
import { EvidenceStore } from "../../inference-sidecar/src/evidence/evidence-store.ts";
import { describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { MODES } from "../../inference-sidecar/src/policy/policy.ts";
import type { RecordedRequest } from "../../inference-sidecar/src/replay/recorded-request.ts";
import { type AskModel, type Evaluation, type Gate, loadCore } from "../../scripts/core.ts";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { secretsOf } from "../../scripts/gateway/policy-force.ts";
import { Random } from "../harness/random.ts";
import { dayPolicy, daySecret, type Rung } from "./day-policy.ts";
import { DAY_START, type DayRequest, dayModel, dayTraffic } from "./day-traffic.ts";

const HOUR_MS = 3_600_000;
const WORKER = "5a".repeat(16);
/** The hour from which on `comments` stands on a rung: up by evidence, and back when good texts were denied. */
const CLIMB: readonly (readonly [hour: number, rung: Rung])[] = [
  [0, "observe"],
  [6, "detect"],
  [13, "prevent"],
  [20, "detect"],
];
/** Records that a worker loses when it is ended, by their place in the day. */
const LOST_FROM = 1000;
const LOST = 7;
/** Records that it let go of, too, while they were on their way. */
const CAME_ALL_THE_SAME = 5;

export interface Day {
  readonly policyPath: string;
  readonly requests: readonly DayRequest[];
  readonly evaluations: readonly Evaluation[];
}

/** Records a day in the log of a state folder, every request judged by the core; the same seed gives the same records. */
export async function recordDay(
  state: string,
  requests: number,
  seed = 1,
  policyOf: (comments: Rung) => string = dayPolicy,
): Promise<Day> {
  const policyPath = await writePolicyFiles(state, policyOf("observe"));
  const gates = await openGates(policyPath, policyOf);
  const random = new Random(seed);
  const traffic = await dayTraffic(random, requests);
  let now = DAY_START;
  const log = new SealedLog({
    directory: await makeLogDirectory(state),
    key: await loadSigningKey(state),
    rotationBytes: 1 << 20,
    retentionBytes: 1 << 30,
    retentionDays: 90,
    headMs: HOUR_MS,
    sequences: new WorkerSequences(),
    end: GENESIS,
    unsealed: 0,
    torn: 0,
    signed: false,
    onUpkeepFailed: (error) => {
      throw error;
    },
    now: () => new Date(now),
  });
  const evidence = await EvidenceStore.open(state, { retentionBytes: 1 << 30, retentionDays: 90 });
  const append = (line: object) => log.append([line], () => undefined);
  await append({ v: 1, time: iso(now), configuration: gates.configuration });

  const evaluations: Evaluation[] = [];
  let hour = -1;
  for (const [index, one] of traffic.entries()) {
    now = one.at;
    const evaluation = await gates.of(one.at).decide(one.request, askDayModel);
    evaluations.push(evaluation);
    while (hour < Math.floor((one.at - DAY_START) / HOUR_MS)) {
      hour += 1;
      for (const line of [...moves(hour), ...selfTests(hour, gates.configuration.digest)]) await append(line);
    }
    if (index >= LOST_FROM && index < LOST_FROM + LOST) continue;
    if (index === LOST_FROM + LOST) {
      const gap = { worker: WORKER, first: LOST_FROM + 1, last: LOST_FROM + LOST, lost: LOST + CAME_ALL_THE_SAME };
      await append({ v: 1, time: iso(now), gap });
    }
    const record = wireRecord(one, evaluation, index + 1, random);
    const [name = null] = await evidence.put([Buffer.from(JSON.stringify(recordedRequest(one, evaluation)))]);
    await append(new RecordLine(record, origin(gates.configuration.digest), now, name));
  }
  await Promise.all([log.close(), evidence.close()]);
  return { policyPath, requests: traffic, evaluations };
}

/** Up by evidence, back by an operator. */
function moves(hour: number): object[] {
  const step = CLIMB.findIndex(([at]) => at === hour);
  const [from, to] = [CLIMB[step - 1]?.[1], CLIMB[step]?.[1]];
  if (from === undefined || to === undefined) return [];
  const back = to === "detect" && from === "prevent";
  const by = back ? { kind: "operator", name: "ada" } : { kind: "evidence" };
  const move = { id: `step-${hour}`, route: "comments", kind: back ? "demote" : "promote", from, to, by };
  return [{ v: 1, time: iso(DAY_START + hour * HOUR_MS), move }];
}

/** A route passes its self-tests from the hour on in which it enforces anything. */
function selfTests(hour: number, policy: string): object[] {
  const routes = ["health", "read-orders", "write-orders", "admin", "search", "comments"];
  return routes.map((route) => {
    const proved = route !== "comments" || hour >= 6;
    const score = proved && route !== "health" && (route !== "comments" || (hour >= 13 && hour < 20));
    const access = !["health", "search", "comments"].includes(route);
    const problem = proved ? "" : "nothing is enforced";
    const rung = route === "comments" ? rungAt(DAY_START + hour * HOUR_MS) : "prevent";
    const selfTest = { route, policy, rung, proved, inert: false, access, score, problem };
    return { v: 1, time: iso(DAY_START + hour * HOUR_MS), selfTest };
  });
}

async function writePolicyFiles(state: string, policy: string): Promise<string> {
  const folder = join(state, "policy");
  await mkdir(folder, { recursive: true });
  const edge = await issueCertificate({ name: "edge", alternativeNames: [], validDays: 1 }, null);
  await writeFile(join(folder, "edge.pem"), edge.certificatePem);
  await writeFile(join(folder, "edge.key"), edge.keyPem);
  await writeFile(join(folder, "shop.secret"), daySecret);
  const path = join(folder, "policy.yaml");
  await writeFile(path, policy);
  return path;
}

async function openGates(policyPath: string, policyOf: (comments: Rung) => string) {
  const core = await loadCore();
  const open = async (rung: Rung) => {
    const { policy } = await parsePolicy(policyOf(rung), policyPath);
    const { blob, digest } = compilePolicy(policy);
    return { policy, digest: Buffer.from(digest).toString("hex"), gate: core.openGate(blob, secretsOf(policy)) };
  };
  const gates = new Map<Rung, Gate>();
  for (const [, rung] of CLIMB) gates.set(rung, gates.get(rung) ?? (await open(rung)).gate);
  const { policy, digest } = await open("observe");
  return {
    configuration: describeConfiguration(policy, digest),
    of: (at: number) => {
      return gates.get(rungAt(at)) as Gate;
    },
  };
}

function rungAt(time: number): Rung {
  const [, rung] = CLIMB.findLast(([hour]) => time >= DAY_START + hour * HOUR_MS) ?? [0, "observe"];
  return rung;
}

/** The model of the day, asked by a gate. */
export const askDayModel: AskModel = async ({ findings }) =>
  findings.map(({ window }) => ({ millionths: dayModel(window), attackClass: "sqli" }));

/** What is kept of a request whose route says `evidence: values`. */
function recordedRequest({ request, claims }: DayRequest, { token }: Evaluation): RecordedRequest {
  const { method = "", authority = "", path = "", headers, body = Buffer.alloc(0), peer } = request;
  return {
    method,
    authority,
    path: String(path),
    headers: (headers as readonly (readonly [string, string])[]).filter(([name]) => name !== "authorization"),
    body: Buffer.from(body).toString("base64"),
    isCut: false,
    peer: peer?.uri ?? null,
    source: "",
    token: token === "valid" && claims !== null ? { issuer: "shop", claims } : null,
  };
}

function origin(policy: string) {
  const pseudonym = (issuer: string, subject: Uint8Array) =>
    createHash("sha256").update(`${issuer}\0`).update(subject).digest("hex").slice(0, 32);
  return recordOrigin({
    worker: WORKER,
    policy,
    bundle: "b0".repeat(32),
    module: "a0".repeat(32),
    pseudonym,
    subjects: "pseudonymised",
  });
}

function wireRecord(one: DayRequest, evaluation: Evaluation, sequence: number, random: Random): WireRecord {
  const { verdict, subject, score, grant } = evaluation;
  const denied = verdict.effect === "deny";
  const user = evaluation.token === "valid";
  const service = subject.workload !== "";
  const granted = grant !== "" && !grant.includes("/deny/");
  const checks =
    1 + Number(service) * 2 + Number(granted && !user) * 4 + Number(user) * 8 + Number(granted && user) * 16;
  const { finding } = score;
  return {
    sequence,
    evidence: null,
    decisionId: random.bytes(16),
    decision: {
      timeUnixMs: one.at,
      method: one.request.method ?? "",
      route: evaluation.route ?? "",
      rung: MODES.indexOf(evaluation.rung),
      effect: EFFECTS.indexOf(verdict.effect),
      reason: verdict.reason,
      wouldDeny: verdict.wouldDeny ?? "",
      issuer: subject.issuer ?? "",
      subject: Buffer.from(subject.id),
      workload: subject.workload,
      grant,
      token: evaluation.token,
      scoredBy: SCORED_BY.indexOf(score.by),
      scoreMillionths: score.millionths,
      attackClass: ATTACK_CLASSES.indexOf(score.attackClass ?? ATTACK_CLASSES[0]),
      surprisalMillibits: 0,
      usualMillibits: 0,
      finding: finding && { ...finding, decodings: [...finding.decodings] },
      uninspected: score.uninspected ?? "",
      timings: null,
      apiKey: "",
      pathShape: "",
      expiredGrant: "",
      checks,
      selfTest: false,
    },
    completion: { responseStatus: denied ? verdict.status : 200, responseBytes: 200 + random.below(4000), ended: "" },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
