import { bytes, GrpcCall, grpcCall, Status } from "proxy-wasm-as";
import { sidecarCluster } from "../sidecar-cluster";
import { encodeSyncRequest, MAX_STATE_ANSWER_BYTES } from "./sync-message";

const SERVICE = bytes("postern.v1.PolicyInformationPoint");
const METHOD = bytes("Sync");
/** The sidecar may keep the answer until there is something new. */
export const WAIT_MILLIS: u32 = 800;
const DEADLINE_MILLIS: u32 = WAIT_MILLIS + 500;

/** Who has asked for the state. One of the two is called, once. */
export interface StateListener {
  /** A `postern.v1.SyncResponse`. */
  onState(response: Uint8Array): void;
  onNoState(): void;
}

class SyncCall extends GrpcCall {
  constructor(private readonly listener: StateListener) {
    super();
  }

  onMessage(message: Uint8Array): void {
    this.listener.onState(message);
  }

  onClose(_status: i32, _message: Uint8Array): void {
    this.listener.onNoState();
  }
}

/** False: the call could not be made, and the listener is not told. */
export function askForState(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  version: u64,
  bundleDigest: Uint8Array,
  memory: Uint8Array,
  listener: StateListener,
): bool {
  const message = encodeSyncRequest(worker, policyDigest, version, bundleDigest, memory, WAIT_MILLIS);
  const call = new SyncCall(listener);
  return (
    grpcCall(sidecarCluster(), SERVICE, METHOD, message, DEADLINE_MILLIS, MAX_STATE_ANSWER_BYTES, call) == Status.Ok
  );
}
