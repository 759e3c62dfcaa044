import { bytes } from "proxy-wasm-as/bytes";
import { Environment } from "../environment";
import { SerialCall } from "../serial-call";
import { MemoryUse } from "./memory-use";
import { shareConfirmation, sharedConfirmation, sharedState, shareState } from "./shared-state";
import { encodeSyncRequest, MAX_STATE_ANSWER_BYTES, stateOf } from "./sync-message";
import { SyncState } from "./sync-state";

const METHOD = bytes("Sync");
/** The sidecar may keep the answer until there is something new. */
const WAIT_MILLIS: u32 = 800;
const ANSWER_MILLIS: i64 = <i64>WAIT_MILLIS + 500;
/** A sidecar that answers at once is asked by every fourth tick: a question costs it and Envoy a millisecond each. */
const PERIOD_MILLIS: i64 = 350;

/**
 * The state of this VM, as the sidecar administers it: asked for on the tick, told when it changes, replaced as a whole,
 * and kept where the other workers, a reloaded VM and a new policy find it. Without the sidecar the last one stays.
 */
export class Synchronisation extends SerialCall {
  state: SyncState = SyncState.NONE;
  /** When the sidecar last said that this is its state, Unix milliseconds; 0: never. */
  confirmedMillis: i64 = 0;
  private askedMillis: i64 = 0;
  /** Whoever asked may be gone, and the answer with it: it is not waited for. */
  private asksAnew: bool = false;
  /** A state has come: the next tick says so. */
  private isNews: bool = false;

  constructor(
    public readonly worker: Uint8Array,
    private readonly environment: Environment,
    private readonly bundleDigest: Uint8Array,
  ) {
    super(METHOD, MAX_STATE_ANSWER_BYTES, ANSWER_MILLIS);
  }

  /** Takes up what this VM has, else what the workers share, else `initial`: the response that came with the policy. */
  begin(initial: Uint8Array): void {
    const shared = sharedState(this.environment);
    if (this.state.version == 0 && shared !== null) this.take(shared);
    const response = stateOf(initial);
    if (this.state.version == 0 && response !== null) this.take(response);
    this.confirmedMillis = max(this.confirmedMillis, sharedConfirmation(this.environment));
    this.askAnew();
  }

  /** The next tick asks, whatever is awaited. */
  askAnew(): void {
    this.asksAnew = true;
    this.isNews = true;
  }

  /** Run by the tick. */
  ask(policyDigest: Uint8Array, memory: MemoryUse, nowMillis: i64): void {
    this.endIfOverdue(nowMillis);
    if (this.isBusy && !this.asksAnew) return;
    const due: i64 = this.isNews ? 0 : PERIOD_MILLIS;
    // A clock that was set back must not silence it.
    if (nowMillis < this.askedMillis + due && nowMillis >= this.askedMillis) return;
    this.askedMillis = nowMillis;
    this.asksAnew = false;
    this.isNews = false;
    const use = memory.encode();
    const version = this.state.version;
    this.send(encodeSyncRequest(this.worker, policyDigest, version, this.bundleDigest, use, WAIT_MILLIS), nowMillis);
  }

  protected onAnswer(response: Uint8Array): void {
    // An answer that was kept until now is of now; one that was late on its way is not taken for newer than that.
    this.receive(response, min(this.environment.nowMillis(), this.askedMillis + WAIT_MILLIS));
  }

  /** Takes what was current at that time; false: it is malformed, or no state. */
  receive(response: Uint8Array, currentMillis: i64): bool {
    const message = stateOf(response);
    if (message === null) return false;
    if (message.length > 0) {
      if (!this.take(message)) return false;
      shareState(this.environment, message);
      this.isNews = true;
    }
    this.confirmedMillis = currentMillis;
    shareConfirmation(this.environment, currentMillis);
    return true;
  }

  /** The last state stays; it is asked for again when that is due. */
  protected onFailure(_status: i32): void {}

  /** False: the message is no state, and the last one stays. */
  private take(message: Uint8Array): bool {
    const state = SyncState.decode(message);
    if (state !== null) this.state = state;
    return state !== null;
  }
}
