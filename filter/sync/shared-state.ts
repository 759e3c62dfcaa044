import { bytes } from "proxy-wasm-as/bytes";
import { ANY_VERSION, Environment } from "../environment";

const STATE = bytes("postern.sync.state");
const CONFIRMED = bytes("postern.sync.confirmed");
/** What is shared may be so much older than what a worker knows. */
const CONFIRMATION_STEP_MILLIS: i64 = 1_000;

/** The state's message that the workers of this Envoy share; null: none. */
export function sharedState(environment: Environment): Uint8Array | null {
  const found = environment.shared(STATE);
  return found === null ? null : found.value;
}

/** The last to share wins: a worker that was late has the newest state, and shares it, a period later. */
export function shareState(environment: Environment, message: Uint8Array): void {
  environment.share(STATE, message, ANY_VERSION);
}

/** When the sidecar last confirmed the state to any worker, Unix milliseconds, to the second; 0: never. */
export function sharedConfirmation(environment: Environment): i64 {
  const found = environment.shared(CONFIRMED);
  return found === null || found.value.length != sizeof<i64>() ? 0 : load<i64>(found.value.dataStart);
}

export function shareConfirmation(environment: Environment, atMillis: i64): void {
  if (atMillis < sharedConfirmation(environment) + CONFIRMATION_STEP_MILLIS) return;
  const value = new Uint8Array(sizeof<i64>());
  store<i64>(value.dataStart, atMillis);
  environment.share(CONFIRMED, value, ANY_VERSION);
}
