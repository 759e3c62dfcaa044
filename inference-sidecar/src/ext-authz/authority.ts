import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Admission } from "../admission.ts";
import type { Assertions } from "../assertion/assertions.ts";
import { signAssertion } from "../assertion/sign.ts";
import { type AttackScore, modelScore } from "../attack-score.ts";
import type { Bundle } from "../bundle.ts";
import type { Handler } from "../calls.ts";
import { type Core, openCore } from "../core/core.ts";
import type { Enforcement } from "../core/enforcement.ts";
import type { Evaluation, ModelScore, Question } from "../core/evaluation.ts";
import type { Calibration } from "../policy/calibration.ts";
import type { Subjects } from "../policy/policy.ts";
import { logEvent } from "../process-log.ts";
import { ServiceError } from "../service-error.ts";
import { StartError } from "../start-error.ts";
import {
  type CheckRequest,
  type CheckResponse,
  isEncrypted,
  toCheckResponse,
  toEvaluationRequest,
} from "./check-message.ts";
import { PolicyGate } from "./policy-gate.ts";
import { Records, type Report } from "./records.ts";

export interface AuthorityParts {
  /** YAML, as the filter's policy. */
  readonly policyPath: string;
  /** `build/core.wasm`. */
  readonly corePath: string;
  readonly bundle: Bundle;
  /** Of the bundle, for the policy's budgets. */
  readonly calibration: Calibration | null;
  readonly admission: Admission;
  readonly assertions: Assertions;
  /** The model, as it is asked over the wire. */
  readonly score: Handler<
    { bundleDigest: Buffer; windows: Buffer[]; edges: number[]; kinds: number[] },
    { scores: AttackScore[] }
  >;
  readonly report: Report;
}

/** Decides for a proxy without the filter: the same compiled code, the same policy, the same log (envoy.service.auth.v3). */
export interface Authority {
  readonly check: Handler<CheckRequest, CheckResponse>;
  /** How the policy in force has the log name subjects. */
  subjects(): Subjects;
  close(): Promise<void>;
}

/** Of what goes on after the answer: its client is gone by then, and nobody minds. */
const unhurried = new AbortController().signal;
/** As in the filter: a record that must be on the disk has so long. */
const RECORD_MS = 1_000;
/** Why the gate ends a request that it had permitted. */
const UNRECORDED = "log_unavailable";

/** @throws StartError the policy can't be used, or the core is of another bundle */
export async function startAuthority(parts: AuthorityParts): Promise<Authority> {
  const module = await readFile(parts.corePath);
  const core = await openCore(module, (claims, expires) => signed(parts.assertions, claims, expires));
  if (!parts.bundle.digest.equals(core.bundleDigest())) {
    const message = `${parts.corePath} was built with another bundle than ${parts.bundle.digest.toString("hex")}: build it again`;
    throw new StartError("bundle", message);
  }
  const policy = await PolicyGate.open({ core, ...parts });
  const records = new Records(parts.report, {
    bundleDigest: parts.bundle.digest,
    moduleDigest: createHash("sha256").update(module).digest(),
  });
  return {
    check: checkHandler(parts, core, policy, records),
    subjects: () => policy.current.subjects,
    close: async () => {
      await policy.close();
      await records.flush(false).catch(() => undefined);
    },
  };
}

/** Null: it can't be signed, and the route that wants it is closed. */
function signed({ keys }: Assertions, claims: Buffer, expiresUnixS: number): string | null {
  if (keys === null) return null;
  try {
    return signAssertion(keys.current, claims, expiresUnixS);
  } catch (error) {
    logEvent("error", "assertion_not_signed", { message: (error as Error).message });
    return null;
  }
}

function checkHandler(
  parts: AuthorityParts,
  core: Core,
  policy: PolicyGate,
  records: Records,
): Handler<CheckRequest, CheckResponse> {
  return async (request, { signal }) => {
    const release = parts.admission.admit();
    try {
      const { gate, digest } = policy.current;
      const arrived = Date.now();
      const id = randomBytes(16);
      const hex = id.toString("hex");
      const encrypted = isEncrypted(request);
      const enforce = () => gate.enforcement(hex, arrived, encrypted);
      const respond = (about: Enforcement, evaluation: Evaluation) =>
        toCheckResponse(about, hex, told(hex, evaluation));

      const first = gate.evaluate(toEvaluationRequest(request, core));
      if (first.question !== null && !first.holds) {
        // Nothing waits for the score: the answer goes out, the record when all is known.
        const answer = respond(enforce(), first);
        void settle(first, enforce, parts, unhurried).then(({ about }) => records.add(digest, id, about.record));
        return answer;
      }
      const { evaluation, about } = await settle(first, enforce, parts, signal);
      records.add(digest, id, about.record);
      if (about.unrecorded === null || (await isRecorded(records))) return respond(about, evaluation);
      records.complete(digest, id, about.unrecorded.status, UNRECORDED);
      return respond({ ...about, denial: about.unrecorded }, evaluation);
    } finally {
      release();
    }
  };
}

/** Asks the model until the evaluation is final. What follows of each is asked for before anything else can be evaluated. */
async function settle(
  first: Evaluation,
  enforce: () => Enforcement,
  parts: AuthorityParts,
  signal: AbortSignal,
): Promise<{ evaluation: Evaluation; about: Enforcement }> {
  let evaluation = first;
  let about = enforce();
  for (let { question } = evaluation; question !== null; { question } = evaluation) {
    const scores = await ask(question, parts, signal);
    evaluation = question.answer(scores);
    about = enforce();
  }
  return { evaluation, about };
}

/** Within the question's deadline, however long the model takes. */
async function ask(
  question: Question,
  { score, bundle }: AuthorityParts,
  signal: AbortSignal,
): Promise<readonly ModelScore[] | "unavailable"> {
  const windows = question.findings.map(({ window }) => Buffer.from(window));
  const edges = question.findings.map((finding) => finding.edges);
  const kinds = question.findings.map((finding) => finding.kind);
  const deadline = Date.now() + question.deadlineMillis;
  const late = timeout(question.deadlineMillis);
  try {
    const answered = score({ bundleDigest: bundle.digest, windows, edges, kinds }, { signal, deadline });
    answered.catch(() => undefined);
    const { scores } = await Promise.race([answered, late.promise]);
    return scores.map(modelScore);
  } catch {
    return "unavailable";
  } finally {
    late.clear();
  }
}

async function isRecorded(records: Records): Promise<boolean> {
  const late = timeout(RECORD_MS);
  const written = records.flush(true);
  written.catch(() => undefined);
  return Promise.race([written, late.promise])
    .then(
      () => true,
      () => false,
    )
    .finally(late.clear);
}

function timeout(millis: number): { promise: Promise<never>; clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new ServiceError("deadline_exceeded", "it took too long")), millis);
  });
  promise.catch(() => undefined);
  return { promise, clear: () => clearTimeout(timer) };
}

/** For the access log: as the filter's own filter state. */
function told(id: string, { verdict, route }: Evaluation): string {
  return [id, verdict.effect, verdict.reason, route ?? "-"].join(" ");
}
