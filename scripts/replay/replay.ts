import type { ScreenedWindow } from "../../inference-sidecar/src/core/evaluation.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { type Configuration, describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import { denialKind } from "../../inference-sidecar/src/maturity/denial.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { readRecordedRequest } from "../../inference-sidecar/src/replay/recorded-request.ts";
import { type AskModel, type Gate, loadCore } from "../core.ts";
import { readLogLines } from "../decision-log/read.ts";
import { loadShippedModel } from "../model/shipped-model.ts";
import { StandIn } from "../policy-test/stand-in.ts";
import { NotReplayable, sendAgain } from "./again.ts";
import { type Decided, decideByRecord } from "./by-record.ts";
import { Comparison, type ReplayReport } from "./comparison.ts";
import { Gates } from "./gates.ts";
import { LadderThen } from "./ladder-then.ts";

export interface ReplayOptions {
  readonly stateDirectory: string;
  /** Tomorrow's. */
  readonly policy: Policy;
  /** A bundle's folder; null: the one that ships. */
  readonly bundle: string | null;
  /** Its digest. */
  readonly bundleDigest: string;
  /** Asked in the model's place, for tests. */
  readonly ask?: AskModel;
}

/** Judges every decision of the log anew, oldest first: with the request where it was kept, else by the record alone. */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { policy, bundle } = options;
  const evidence = await EvidenceReader.open(options.stateDirectory);
  const standIn = new StandIn();
  const standing = standIn.withApiKeys(standIn.policy(policy));
  const core = await loadCore(bundle ?? undefined);
  const gates = new Gates(core, standing);
  const ladder = new LadderThen();
  const ask = options.ask ?? remembering(await loadShippedModel(bundle ?? undefined));
  const tomorrow = describeConfiguration(policy, "");
  const configurations = new Map<string, Configuration>();
  const comparison = new Comparison(leftOut(policy));
  for await (const line of readLogLines(options.stateDirectory)) {
    if ("configuration" in line) {
      const configuration = line.configuration as Configuration;
      configurations.set(configuration.digest, configuration);
    }
    if ("move" in line) ladder.follow(line.move as Parameters<LadderThen["follow"]>[0]);
    if (!("id" in line && "effect" in line) || "selfTest" in line) continue;
    const record = line as unknown as LogRecord;
    if (record.effect === "deny" && denialKind(record.reason) === "unavailable") {
      comparison.setAside(`it was denied for its circumstances (${record.reason})`);
      continue;
    }
    const before = configurations.get(record.policy) ?? null;
    const moved = ladder.under(policy, before, record);
    const sameForwarders = before?.forwarders === tomorrow.forwarders;
    const means = { policy: standing, standIn, gate: gates.of(moved), ask, evidence, sameForwarders };
    const again = await byRequest(record, means);
    if (!(again instanceof NotReplayable)) {
      comparison.add(record, again, "request");
      continue;
    }
    const there = moved.get(record.route);
    if (ladder.refitted(record) !== (there?.modelDeny ?? 0)) {
      comparison.skip("its route's threshold had been refitted");
      continue;
    }
    const sameModel = record.bundle === options.bundleDigest;
    const decided = sameModel ? decideByRecord(record, before, tomorrow, there?.rung ?? null) : null;
    if (decided === null) comparison.skip(again.why);
    else if (record.effect === "permit" && denialKind(decided.reason) === "unavailable") {
      comparison.skip(`it would have been denied for its circumstances (${decided.reason})`);
    } else comparison.add(record, decided, "record");
  }
  return comparison.report;
}

/** What of the policy is not replayed, in words. */
function leftOut({ limits, revocation }: Policy): string[] {
  return [
    ...(limits === null ? [] : ["flood limits: they count requests over time, recorded 429 apart"]),
    ...(revocation === null ? [] : ["revocations since: a token that was refused stays so, one that was not does"]),
  ];
}

interface Means {
  readonly policy: Policy;
  readonly standIn: StandIn;
  readonly gate: Gate;
  readonly ask: AskModel;
  readonly evidence: EvidenceReader;
  /** The policy of then believed the same proxies. */
  readonly sameForwarders: boolean;
}

async function byRequest(record: LogRecord, means: Means): Promise<Decided | NotReplayable> {
  const { evidence: name } = record;
  if (!name) return new NotReplayable("its request was not kept (`evidence: values`)");
  const bytes = await means.evidence.get(name);
  if (bytes === null) return new NotReplayable("its evidence is gone");
  const kept = readRecordedRequest(bytes);
  if (kept === null) return new NotReplayable("its request was not kept (`evidence: values`)");
  if (kept.peer !== null && !means.sameForwarders) {
    return new NotReplayable("its workload may have come through a proxy (`forwardedFrom`)");
  }
  const request = await sendAgain(record, kept, means.policy, means.standIn);
  if (request instanceof NotReplayable) return request;
  const { verdict } = await means.gate.decide(request, means.ask);
  if (verdict.reason === BODY_WANTED) return new NotReplayable("its body was not kept, or in part only");
  if (verdict.reason !== "token_malformed") return { effect: verdict.effect, reason: verdict.reason };
  // A token that had been refused came again as one that is none: it is refused for what it was refused for. So did one
  // that was good, where the policy has no such issuer.
  const { token } = record.subject;
  return { effect: verdict.effect, reason: token === "valid" ? "token_issuer" : token };
}

/** What a request judged alone is denied for where more of its body would decide. */
const BODY_WANTED = "inspection_budget";

const WINDOWS_REMEMBERED = 65_536;

/** Asks for each window once; the same bytes at another edge of their value, or in a field of another kind, are another one. */
function remembering(ask: AskModel): AskModel {
  const known = new Map<string, Awaited<ReturnType<AskModel>>[number]>();
  const nameOf = ({ window, edges, kind }: ScreenedWindow) =>
    `${edges} ${kind} ${Buffer.from(window).toString("latin1")}`;
  return async (question) => {
    if (known.size > WINDOWS_REMEMBERED) known.clear();
    const unknown = question.findings.filter((finding) => !known.has(nameOf(finding)));
    const scores = unknown.length === 0 ? [] : await ask({ ...question, findings: unknown });
    if (scores === "unavailable") return scores;
    for (const [index, finding] of unknown.entries()) known.set(nameOf(finding), scores[index] as never);
    return question.findings.map((finding) => known.get(nameOf(finding)) as never);
  };
}
