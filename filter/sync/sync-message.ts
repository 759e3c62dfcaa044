import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";

/** `postern.v1.SyncRequest`; `version` 0: the worker has no state. */
export function encodeSyncRequest(worker: Uint8Array, policyDigest: Uint8Array, version: u64): Uint8Array {
  return new ProtobufWriter(64).bytes(1, worker).bytes(2, policyDigest).uint(3, version).finish();
}

/** The `postern.v1.SyncState` of a `SyncResponse`; empty: it has none. null: malformed. */
export function stateOf(response: Uint8Array): Uint8Array | null {
  const reader = new ProtobufReader(response);
  let state = response.subarray(0, 0);
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) state = reader.content;
  return reader.malformed ? null : state;
}
