import { LineBytes } from "./line-bytes.ts";
import { parts } from "./record-parts.ts";
import { checkSets, effects, MODEL, nameIn, rungs, scorers, texts } from "./record-texts.ts";
import type { WireDecision } from "./wire-record.ts";

/** The longest of these texts together is shorter. */
const SCRATCH_BYTES = 8 * 1024;
/** Remembered of a route: requests to one differ in few of these texts. */
const FRAMES_MOST = 8;
const ROUTES_MOST = 1_024;

const scratch = new LineBytes(SCRATCH_BYTES);

/**
 * What decisions have in common that differ in numbers, names of persons and findings alone, as it stands in their lines:
 * put together once, a line of a thousand bytes is some twenty copies instead of fifty.
 */
export class DecisionFrame {
  /** From the checks to `evidence`. */
  readonly effect: Buffer;
  readonly method: Buffer;
  /** Up to `response`. */
  readonly reason: Buffer;
  /** From the route to the value of a score that found nothing, or to who scored. */
  readonly score: Buffer;
  /** From `subject` to its id. */
  readonly grant: Buffer;
  readonly issuer: Buffer;
  /** Up to the workload. */
  readonly token: Buffer;
  readonly wouldDeny: Buffer;
  /** Their scores have more to tell than a value. */
  readonly hasFinding: boolean;
  readonly #of: Omit<WireDecision, "subject" | "finding" | "timings">;

  constructor(decision: WireDecision) {
    // Its subject is a part of a whole report, which must not stay for it.
    const { subject: _subject, finding: _finding, timings: _timings, ...of } = decision;
    this.#of = of;
    this.hasFinding = hasFinding(decision);
    this.effect = joined(
      checkSets[decision.checks % checkSets.length] as Buffer,
      parts.effect,
      nameIn(effects, decision.effect),
      parts.evidence,
    );
    this.method = joined(parts.method, texts.method(decision.method).json);
    this.reason = joined(parts.reason, texts.reason(decision.reason).json, parts.response);
    this.score = joined(
      parts.route,
      texts.route(decision.route).json,
      parts.rung,
      nameIn(rungs, decision.rung),
      parts.score,
      nameIn(scorers, decision.scoredBy),
      this.hasFinding ? parts.class : parts.nothingFound,
    );
    this.grant = joined(
      parts.apiKey,
      texts.apiKey(decision.apiKey).json,
      parts.expiredGrant,
      texts.grant(decision.expiredGrant).jsonOrNull,
      parts.grant,
      texts.grant(decision.grant).json,
      parts.subjectId,
    );
    this.issuer = joined(parts.issuer, texts.issuer(decision.issuer).json);
    this.token = joined(parts.token, texts.token(decision.token).json, parts.workload);
    this.wouldDeny = joined(parts.wouldDeny, texts.reason(decision.wouldDeny).jsonOrNull, parts.lineEnd);
  }

  fits(decision: WireDecision): boolean {
    const of = this.#of;
    return (
      of.checks === decision.checks &&
      of.effect === decision.effect &&
      of.method === decision.method &&
      of.reason === decision.reason &&
      of.rung === decision.rung &&
      of.scoredBy === decision.scoredBy &&
      of.apiKey === decision.apiKey &&
      of.expiredGrant === decision.expiredGrant &&
      of.grant === decision.grant &&
      of.issuer === decision.issuer &&
      of.token === decision.token &&
      of.wouldDeny === decision.wouldDeny &&
      this.hasFinding === hasFinding(decision)
    );
  }
}

/** By route, the newest last. */
const remembered = new Map<string, DecisionFrame[]>();

export function frameOf(decision: WireDecision): DecisionFrame {
  const { route } = decision;
  const frames = remembered.get(route) ?? [];
  for (let index = frames.length - 1; index >= 0; index--) {
    const frame = frames[index] as DecisionFrame;
    if (frame.fits(decision)) return frame;
  }
  const frame = new DecisionFrame(decision);
  if (frames.length === 0) {
    if (remembered.size >= ROUTES_MOST) remembered.clear();
    remembered.set(route, frames);
  }
  if (frames.length === FRAMES_MOST) frames.shift();
  frames.push(frame);
  return frame;
}

/** Whether its score has more to tell than its value. */
function hasFinding({ finding, usualMillibits, uninspected, scoredBy }: WireDecision): boolean {
  return finding !== null || usualMillibits !== 0 || uninspected !== "" || scoredBy === MODEL;
}

function joined(...texts: readonly Buffer[]): Buffer {
  scratch.clear();
  for (const text of texts) scratch.add(text);
  return Buffer.from(scratch.from(0));
}
