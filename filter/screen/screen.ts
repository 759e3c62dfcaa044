import {
  DIGEST_BYTES,
  segmentBias,
  segmentClearBelow,
  segmentDenyAlone,
  segmentDigestAddress,
  segmentModelDeny,
  segmentScale,
  segmentTableBits,
  segmentValid,
  segmentWeightsAddress,
} from "./segment";
import { findWorstWindow, worstSum, worstWindowEnd, worstWindowStart } from "./worst-window";

const MILLION: f64 = 1000000;

/** False: no weights were put into this module; nothing below means anything then. */
export function screenReady(): bool {
  return segmentValid();
}

/** SHA-256 of the bundle (32 bytes) that the weights and thresholds come from; the sidecar must hold the same. */
export function bundleDigest(): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  if (segmentValid()) memory.copy(digest.dataStart, segmentDigestAddress(), DIGEST_BYTES);
  return digest;
}

/**
 * Probability that a decoded value carries an attack, in millionths, and sets the worst window.
 * Without weights the answer is certainty: a caller that forgot to ask `screenReady` must not wave anything through.
 */
export function screenValue(value: Uint8Array): u32 {
  return screenText(value.dataStart, value.length);
}

/** The same of `length` bytes at `data`. */
export function screenText(data: usize, length: i32): u32 {
  if (!segmentValid()) {
    findWorstWindow(data, 0, segmentWeightsAddress(), 8);
    return <u32>MILLION;
  }
  findWorstWindow(data, length, segmentWeightsAddress(), segmentTableBits());
  return probability(<f64>segmentBias() + <f64>segmentScale() * <f64>worstSum());
}

/** First byte of the last screened value's worst window. */
export function worstStart(): i32 {
  return worstWindowStart();
}

/** One past its last byte; at most 256 bytes from `worstStart`. */
export function worstEnd(): i32 {
  return worstWindowEnd();
}

/** Below this the screen is sure that there is nothing, millionths. */
export function clearBelow(): u32 {
  return segmentClearBelow();
}

/** From here on the screen denies by itself, millionths. */
export function denyAlone(): u32 {
  return segmentDenyAlone();
}

/** From here on the model's answer denies, millionths. */
export function modelDeny(): u32 {
  return segmentModelDeny();
}

/** From where the screen denies by itself on a route whose policy says `ofPolicy`; more than a million: as shipped. */
export function denyAloneFrom(ofPolicy: u32): u32 {
  return ofPolicy <= <u32>MILLION ? ofPolicy : segmentDenyAlone();
}

/**
 * From where the model's answer denies on a route that wishes for `wanted`, 0: that it be as its policy says, `ofPolicy`,
 * or, where that is more than a million, as shipped. No wish leads below that, or further than half the way from there
 * to certainty.
 */
export function modelDenyFrom(wanted: u32, ofPolicy: u32): u32 {
  const shipped = ofPolicy <= <u32>MILLION ? ofPolicy : segmentModelDeny();
  const limit = shipped + (<u32>MILLION - shipped) / 2;
  return max(shipped, min(limit, wanted));
}

function probability(logit: f64): u32 {
  const bounded = max(-20.0, min(20.0, logit));
  return <u32>nearest(MILLION / (1.0 + Math.exp(-bounded)));
}
