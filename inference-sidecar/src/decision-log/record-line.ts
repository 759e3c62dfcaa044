import { MODES } from "../policy/policy.ts";
import type { LineWriter, Link } from "./chain.ts";
import { type DecisionFrame, frameOf } from "./decision-frame.ts";
import { LineBytes } from "./line-bytes.ts";
import type { CompletionLine, LogRecord } from "./record.ts";
import type { RecordOrigin } from "./record-origin.ts";
import { NOTHING, NULL, parts } from "./record-parts.ts";
import { classes, MODEL, nameIn, texts } from "./record-texts.ts";
import { addIsoTime, isoTime } from "./time.ts";
import { EFFECTS, type WireCompletion, type WireDecision, type WireRecord } from "./wire-record.ts";

/** What is counted of decisions, as their lines say it. */
export type Decided = Pick<LogRecord, "effect" | "reason" | "route" | "rung" | "time" | "wouldDeny">;

const DECODINGS_MOST = 16;
/** Of `score.value`, and of `surprisal`. */
const MILLIONTHS = 6;
const THOUSANDTHS = 3;

const COMMA = 0x2c;
const QUOTE = 0x22;
const BRACKET = 0x5d;
const BRACE = 0x7d;

/** The longest line is shorter by far. */
const READ_BYTES = 16 * 1024;

/**
 * A decision, or a completion that came after its decision, as it goes into the log: lengths limited, control characters
 * gone, the subject as a keyed hash. To make an object of it and sort its members would cost more than all the rest: it is
 * written in the order of canonical JSON (RFC 8785), by name, capital letters first.
 */
export class RecordLine implements LineWriter {
  readonly #record: WireRecord;
  readonly #origin: RecordOrigin;
  readonly #receivedMs: number;
  readonly #evidence: string | null;
  /** Null: this is a completion. */
  readonly decided: Decided | null;

  /**
   * @param receivedMs Unix milliseconds, for what has no time of its own
   * @param evidence name of what is kept of the request, or null
   */
  constructor(record: WireRecord, origin: RecordOrigin, receivedMs: number, evidence: string | null) {
    this.#record = record;
    this.#origin = origin;
    this.#receivedMs = receivedMs;
    this.#evidence = evidence;
    this.decided = record.decision && decidedOf(record.decision);
  }

  get isProbe(): boolean {
    return this.#record.decision?.selfTest ?? false;
  }

  write(out: LineBytes, link: Link): void {
    const { decision } = this.#record;
    if (decision === null) this.#writeCompletion(out, link);
    else this.#writeDecision(out, link, decision);
  }

  /** What a reader of the log gets, but for the link. */
  read(): LogRecord | CompletionLine {
    const out = new LineBytes(READ_BYTES);
    this.write(out, { n: 0, prev: "" });
    return JSON.parse(out.from(0).toString());
  }

  #writeCompletion(out: LineBytes, { n, prev }: Link): void {
    const { decisionId, completion, sequence } = this.#record;
    out.add(parts.completes).hex(decisionId);
    out.add(parts.n).uint(n);
    out.add(parts.prev).ascii(prev).add(parts.prevResponse);
    addResponse(out, completion);
    out.add(parts.sequence).uint(sequence);
    out.add(parts.time);
    addIsoTime(out, this.#receivedMs);
    out.byte(QUOTE).add(this.#origin.worker).byte(BRACE);
  }

  #writeDecision(out: LineBytes, { n, prev }: Link, decision: WireDecision): void {
    const { decisionId, completion, sequence } = this.#record;
    const { bundle, module, policy, worker } = this.#origin;
    const frame = frameOf(decision);
    out.add(bundle).add(frame.effect);
    if (this.#evidence === null) out.add(NULL);
    else out.byte(QUOTE).ascii(this.#evidence).byte(QUOTE);
    out.add(parts.id).hex(decisionId).add(frame.method);
    out.add(module).uint(n);
    out.add(policy).ascii(prev);
    out.add(frame.reason);
    addResponse(out, completion);
    out.add(frame.score);
    if (frame.hasFinding) addFound(out, decision);
    out.decimal(decision.scoreMillionths, MILLIONTHS);
    out.add(decision.selfTest ? parts.selfTestSequence : parts.scoredSequence).uint(sequence);
    out.add(parts.shape).add(texts.shape(decision.pathShape).json);
    addSubject(out, decision, frame, this.#origin);
    out.add(parts.subjectTime);
    addIsoTime(out, decision.timeUnixMs);
    addTimings(out, decision.timings);
    out.add(worker).add(frame.wouldDeny);
  }
}

function decidedOf({ effect, reason, route, rung, timeUnixMs, wouldDeny }: WireDecision): Decided {
  return {
    effect: EFFECTS[effect] ?? "unknown",
    reason: texts.reason(reason).text,
    route: texts.route(route).text,
    rung: MODES[rung] ?? "unknown",
    time: isoTime(timeUnixMs),
    wouldDeny: texts.reason(wouldDeny).text || null,
  };
}

function addResponse(out: LineBytes, completion: WireCompletion | null): void {
  if (completion === null) {
    out.add(NULL);
    return;
  }
  out.add(parts.bytes).uint(completion.responseBytes);
  if (completion.ended === "") out.add(parts.neverEnded);
  else out.add(parts.ended).add(texts.ended(completion.ended).jsonOrNull).add(parts.status);
  out.uint(completion.responseStatus).byte(BRACE);
}

/** From the class up to the value. */
function addFound(out: LineBytes, decision: WireDecision): void {
  const { scoredBy, attackClass, finding, surprisalMillibits, usualMillibits, uninspected } = decision;
  out.add(scoredBy === MODEL ? nameIn(classes, attackClass) : NOTHING);
  out.add(parts.finding);
  if (finding === null) out.add(NULL);
  else addFinding(out, finding);
  out.add(parts.surprisal);
  if (usualMillibits === 0) out.add(NULL);
  else {
    out.add(parts.bits).decimal(surprisalMillibits, THOUSANDTHS);
    out.add(parts.usual).decimal(usualMillibits, THOUSANDTHS).byte(BRACE);
  }
  out.add(parts.uninspected).add(texts.reason(uninspected).jsonOrNull).add(parts.value);
}

function addFinding(out: LineBytes, { field, start, end, decodings }: NonNullable<WireDecision["finding"]>): void {
  out.add(parts.decodings);
  for (let index = 0; index < decodings.length && index < DECODINGS_MOST; index++) {
    if (index > 0) out.byte(COMMA);
    out.add(texts.decoding(decodings[index] as string).json);
  }
  out.byte(BRACKET).add(parts.end).uint(end);
  out.add(parts.field).add(texts.field(field).json);
  out.add(parts.start).uint(start).byte(BRACE);
}

function addSubject(out: LineBytes, decision: WireDecision, frame: DecisionFrame, origin: RecordOrigin): void {
  const { issuer, subject } = decision;
  const isKnown = subject.length > 0;
  out.add(frame.grant);
  if (isKnown) out.ascii(origin.pseudonym(issuer, subject));
  out.add(frame.issuer);
  if (isKnown && origin.subjects === "clear") out.add(parts.sub).add(texts.sub(subject.toString()).json);
  out.add(frame.token).add(texts.workload(decision.workload).json);
}

function addTimings(out: LineBytes, timings: WireDecision["timings"]): void {
  out.add(parts.identity).uint(timings?.identityUs ?? 0);
  out.add(parts.inference).uint(timings?.inferenceUs ?? 0);
  out.add(parts.policyUs).uint(timings?.policyUs ?? 0);
  out.add(parts.request).uint(timings?.requestUs ?? 0);
  out.add(parts.screen).uint(timings?.screenUs ?? 0);
  out
    .add(parts.values)
    .uint(timings?.valuesUs ?? 0)
    .byte(BRACE);
}
