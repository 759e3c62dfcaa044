import { bytes } from "proxy-wasm-as";
import { SidecarCall } from "../sidecar-call";
import { Suspect } from "../suspects";
import { encodeScoreRequest, ScoreResponse } from "./score-message";

const METHOD = bytes("Score");
/** 16 scores take less than 400 bytes. */
const MAX_ANSWER_BYTES: u32 = 1_024;
/** Calls that a VM has under way at most: each keeps its request in memory. */
const MAX_CALLS = 256;
/** Of these so many for requests that do not wait: they never take the model from those that do. */
const MAX_UNHURRIED_CALLS = 128;

/** Who waits for a score. */
export interface ScoreListener {
  /** Called once: with the scores, or with null where there will be none. */
  onScore(response: ScoreResponse | null): void;
}

/** Those under way. */
let calls: i32 = 0;
let unhurriedCalls: i32 = 0;

/** The only call that a score waits for. */
class ScoreCall extends SidecarCall {
  constructor(
    private readonly listener: ScoreListener,
    private readonly waits: bool,
    private readonly windows: i32,
  ) {
    super();
  }

  onSettled(answer: Uint8Array | null): void {
    calls--;
    if (!this.waits) unhurriedCalls--;
    const response: ScoreResponse | null = answer === null ? null : new ScoreResponse(answer, this.windows);
    this.listener.onScore(response !== null && response.valid ? response : null);
  }
}

/**
 * Asks the model for at most 16 windows; `waits`: a request is held until it answers. False: the call could not be made,
 * or too many are under way, and the listener is not told.
 */
export function askModel(
  suspects: Suspect[],
  bundleDigest: Uint8Array,
  deadlineMillis: u32,
  nowMillis: i64,
  waits: bool,
  listener: ScoreListener,
): bool {
  if (calls >= MAX_CALLS || (!waits && unhurriedCalls >= MAX_UNHURRIED_CALLS)) return false;
  const call = new ScoreCall(listener, waits, suspects.length);
  const message = encodeScoreRequest(suspects, bundleDigest);
  if (!call.start(METHOD, message, deadlineMillis, MAX_ANSWER_BYTES, nowMillis)) return false;
  calls++;
  if (!waits) unhurriedCalls++;
  return true;
}
