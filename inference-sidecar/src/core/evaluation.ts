import { ATTACK_CLASSES } from "../bundle.ts";
import type { Mode } from "../policy/policy.ts";
import type { MessageReader } from "./message.ts";
import { type Component, components } from "./value.ts";

export type AttackClass = (typeof ATTACK_CLASSES)[number];

const rungs = ["observe", "detect", "prevent"] as const satisfies readonly Mode[];
/** In the order of `ScoredBy` in `filter/score-evidence.ts`. */
const scorers = ["nothing", "screen", "model", "screen_alone", "uninspected"] as const;
const PERMITTED = "permitted";

/** What the core has found out about one request. Reason codes are those of `docs/reasons.md`. */
export interface Evaluation {
  /** Null: no route matches. */
  readonly route: string | null;
  /** The route's, or the policy's where no route matches. */
  readonly rung: Mode;
  /** Whether the request must not move before its verdict is final. */
  readonly holds: boolean;
  /** Id of the grant that allowed or denied; empty: none. */
  readonly grant: string;
  /** `absent`, `valid`, or the reason code of its refusal. */
  readonly token: string;
  readonly subject: Subject;
  /** Final where there is no question; until then that on hygiene, identity and privilege alone. */
  readonly verdict: Verdict;
  readonly score: Score;
  /** What the model is to be asked; null: nothing (more). */
  readonly question: Question | null;
}

/** Who asks, as far as it is verified. */
export interface Subject {
  /** The issuer's name in the policy; null: no verified token. */
  readonly issuer: string | null;
  /** `sub`; empty: none. */
  readonly id: string;
  /** SPIFFE id; empty: none. */
  readonly workload: string;
  readonly scopes: readonly string[];
}

export interface Verdict {
  readonly effect: "permit" | "deny";
  /** `permitted`, or what denied it. */
  readonly reason: string;
  /** HTTP status of the denial; 200 with a permit. */
  readonly status: number;
  /** Coarse, for the reply (RFC 9457). */
  readonly publicReason: string;
  /** On a permit: what a higher rung would have denied it for, or null. */
  readonly wouldDeny: string | null;
}

/** In millionths: probability of an attack, 0 to 1,000,000. */
export interface Score {
  readonly by: (typeof scorers)[number];
  /** By screen or model, as `by` says. */
  readonly millionths: number;
  /** The screen's, whoever was asked besides. */
  readonly screenMillionths: number;
  /** The model's; null where only the screen has seen the request. */
  readonly attackClass: AttackClass | null;
  /** As in the record; null: not known. */
  readonly surprisal: { readonly bits: number; readonly usual: number } | null;
  /** Why a part could not be inspected; null: all was. */
  readonly uninspected: string | null;
  /** The worst value; null: nothing was scored. */
  readonly finding: Finding | null;
}

/** A window of one form of one value, as the screen saw it. */
export interface ScreenedWindow {
  /** Such as `query:q`. */
  readonly field: string;
  /** As in postern.v1.ScoreRequest. */
  readonly kind: number;
  /** 1 to 256 bytes of the decoded form: what the model is given. */
  readonly window: Uint8Array;
  /** As in postern.v1.ScoreRequest. */
  readonly edges: number;
  /** By the screen. */
  readonly millionths: number;
}

/** The one that carried the score, and what it came from. */
export interface Finding extends ScreenedWindow {
  readonly component: Component;
  /** Byte range of the raw value in its component. */
  readonly start: number;
  readonly end: number;
  readonly decodings: readonly string[];
}

/** The one remote step of an evaluation. It must be answered: until then the core keeps the request. */
export interface Question {
  /** 1 to 16, the worst first. */
  readonly findings: readonly ScreenedWindow[];
  /** What is left of the route's deadline, of a second at least where nothing waits: the caller is to keep it. */
  readonly deadlineMillis: number;
  /**
   * Goes on with one score for each finding in order, or without any by the route's failure mode; a further question may
   * follow. Once. @throws RangeError not one score for each, or one out of range
   */
  answer(scores: readonly ModelScore[] | "unavailable"): Evaluation;
}

export interface ModelScore {
  /** Probability of an attack, 0 to 1,000,000. */
  readonly millionths: number;
  /** The likeliest class other than benign. */
  readonly attackClass: AttackClass;
  /** Thousandths of a bit a byte, and the usual ones; absent: not known. */
  readonly surprisalMillibits?: number;
  readonly usualMillibits?: number;
}

/** What `filter/core/evaluation-message.ts` wrote; `ask` makes the question. */
export function readEvaluation(
  reader: MessageReader,
  ask: (findings: readonly ScreenedWindow[], deadlineMillis: number) => Question,
): Evaluation {
  const rung = rungs[reader.u32()] ?? "prevent";
  const holds = reader.u32() === 1;
  const [route = null] = reader.list(() => reader.utf8());
  const grant = reader.utf8();
  const token = reader.text();
  const subject = readSubject(reader);
  const verdict = readVerdict(reader);
  const score = readScore(reader);
  const deadlineMillis = reader.u32();
  const findings = reader.list(() => readWindow(reader));
  const question = findings.length > 0 ? ask(findings, deadlineMillis) : null;
  return { route, rung, holds, grant, token, subject, verdict, score, question };
}

function readSubject(reader: MessageReader): Subject {
  const [issuer = null] = reader.list(() => reader.utf8());
  const id = reader.utf8();
  const workload = reader.utf8();
  return { issuer, id, workload, scopes: reader.list(() => reader.utf8()) };
}

function readVerdict(reader: MessageReader): Verdict {
  const effect = reader.u32() === 0 ? "permit" : "deny";
  const reason = reader.text();
  const status = reader.u32();
  const publicReason = reader.text();
  return { effect, reason, status, publicReason, wouldDeny: readReason(reader) };
}

function readScore(reader: MessageReader): Score {
  const by = scorers[reader.u32()] ?? "uninspected";
  const millionths = reader.u32();
  const screenMillionths = reader.u32();
  const attackClass = ATTACK_CLASSES[reader.u32()] ?? null;
  const [bits, usual] = [reader.u32(), reader.u32()];
  const surprisal = usual === 0 ? null : { bits: bits / 1000, usual: usual / 1000 };
  const uninspected = readReason(reader);
  const [finding = null] = reader.list(() => readFinding(reader));
  return {
    by,
    millionths,
    screenMillionths,
    attackClass: by === "model" ? attackClass : null,
    surprisal,
    uninspected,
    finding,
  };
}

function readReason(reader: MessageReader): string | null {
  const code = reader.text();
  return code === PERMITTED ? null : code;
}

function readWindow(reader: MessageReader): ScreenedWindow {
  const field = reader.text();
  const kind = reader.u32();
  const window = reader.bytes();
  return { field, kind, window, edges: reader.u32(), millionths: reader.u32() };
}

function readFinding(reader: MessageReader): Finding {
  const { field, kind, window, edges, millionths } = readWindow(reader);
  const component = components[reader.u32()] ?? "body";
  const start = reader.u32();
  const end = reader.u32();
  const decodings = reader.list(() => reader.text());
  return { field, kind, window, edges, millionths, component, start, end, decodings };
}
