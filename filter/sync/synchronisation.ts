import { Environment } from "../environment";
import { MemoryUse } from "./memory-use";
import { shareConfirmation, sharedConfirmation, sharedState, shareState } from "./shared-state";
import { StateListener, SyncCall, WAIT_MILLIS } from "./sync-call";
import { stateOf } from "./sync-message";
import { SyncState } from "./sync-state";

/** A sidecar that answers at once is asked by every fourth tick: a question costs it and Envoy a millisecond each. */
const PERIOD_MILLIS: i64 = 350;

/**
 * The state of this VM, as the sidecar administers it: asked for on the tick, told when it changes, replaced as a whole,
 * and kept where the other workers, a reloaded VM and a new policy find it. Without the sidecar the last one stays.
 */
export class Synchronisation implements StateListener {
  state: SyncState = SyncState.NONE;
  /** When the sidecar last said that this is its state, Unix milliseconds; 0: never. */
  confirmedMillis: i64 = 0;
  private askedMillis: i64 = 0;
  private answered: bool = true;
  /** A state has come: the next tick says so. */
  private isNews: bool = false;
  private call: SyncCall | null = null;

  constructor(
    public readonly worker: Uint8Array,
    private readonly environment: Environment,
    private readonly bundleDigest: Uint8Array,
  ) {}

  /** Takes up what this VM has, else what the workers share, else `initial`: the response that came with the policy. */
  begin(initial: Uint8Array): void {
    const shared = sharedState(this.environment);
    if (this.state.version == 0 && shared !== null) this.take(shared);
    const response = stateOf(initial);
    if (this.state.version == 0 && response !== null) this.take(response);
    this.confirmedMillis = max(this.confirmedMillis, sharedConfirmation(this.environment));
    this.askAnew();
  }

  /** Whoever asked may be gone, and the answer with it: the next tick asks. */
  askAnew(): void {
    this.answered = true;
    this.isNews = true;
  }

  /** Run by the tick. */
  ask(policyDigest: Uint8Array, memory: MemoryUse, nowMillis: i64): void {
    let call = this.call;
    if (call === null) {
      call = new SyncCall(this);
      this.call = call;
    }
    call.watch(nowMillis);
    if (!this.answered) return;
    const due: i64 = this.isNews ? 0 : PERIOD_MILLIS;
    // A clock that was set back must not silence it.
    if (nowMillis < this.askedMillis + due && nowMillis >= this.askedMillis) return;
    this.askedMillis = nowMillis;
    this.answered = false;
    this.isNews = false;
    call.ask(this.worker, policyDigest, this.state.version, this.bundleDigest, memory.encode(), nowMillis);
  }

  onState(response: Uint8Array): void {
    this.answered = true;
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

  onNoState(): void {
    this.answered = true;
  }

  /** False: the message is no state, and the last one stays. */
  private take(message: Uint8Array): bool {
    const state = SyncState.decode(message);
    if (state !== null) this.state = state;
    return state !== null;
  }
}
