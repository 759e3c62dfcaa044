import { bytes } from "proxy-wasm-as";
import { SerialCall } from "../serial-call";
import { encodeSyncRequest, MAX_STATE_ANSWER_BYTES } from "./sync-message";

const METHOD = bytes("Sync");
/** The sidecar may keep the answer until there is something new. */
export const WAIT_MILLIS: u32 = 800;
const ANSWER_MILLIS: i64 = <i64>WAIT_MILLIS + 500;

/** Who has asked for the state. One of the two is called, once. */
export interface StateListener {
  /** A `postern.v1.SyncResponse`. */
  onState(response: Uint8Array): void;
  onNoState(): void;
}

/** Asks for the state. Who asks again before the answer to the question before is told of the last one only. */
export class SyncCall extends SerialCall {
  constructor(private readonly listener: StateListener) {
    super(METHOD, MAX_STATE_ANSWER_BYTES, ANSWER_MILLIS);
  }

  ask(
    worker: Uint8Array,
    policyDigest: Uint8Array,
    version: u64,
    bundleDigest: Uint8Array,
    memory: Uint8Array,
    nowMillis: i64,
  ): void {
    this.send(encodeSyncRequest(worker, policyDigest, version, bundleDigest, memory, WAIT_MILLIS), nowMillis);
  }

  /** Run by the tick. */
  watch(nowMillis: i64): void {
    this.endIfOverdue(nowMillis);
  }

  protected onAnswer(message: Uint8Array): void {
    this.listener.onState(message);
  }

  protected onFailure(_status: i32): void {
    this.listener.onNoState();
  }
}
