import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";

/** 4 MiB of state, and its frame in the response. */
export const MAX_STATE_ANSWER_BYTES: u32 = 4_194_368;

/**
 * `postern.v1.SyncRequest`; `version` 0: the worker has no state; `memory`: a `MemoryUse`; `waitMillis`: the answer may wait so
 * long for a change.
 */
export function encodeSyncRequest(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  version: u64,
  bundleDigest: Uint8Array,
  memory: Uint8Array,
  waitMillis: u32,
): Uint8Array {
  const writer = new ProtobufWriter(128).bytes(1, worker).bytes(2, policyDigest).uint(3, version).bytes(6, memory);
  return writer.uint(7, waitMillis).bytes(14, bundleDigest).uint(PROTOCOL_FIELD, PROTOCOL).finish();
}

/** The same, to be answered once the sidecar has looked for a key that the issuer (by its name in the policy) may have. */
export function encodeKeyRequest(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  version: u64,
  issuer: Uint8Array,
  kid: Uint8Array,
): Uint8Array {
  const writer = new ProtobufWriter(128 + issuer.length + kid.length);
  writer.bytes(1, worker).bytes(2, policyDigest).uint(3, version).bytes(4, issuer).bytes(5, kid);
  return writer.uint(PROTOCOL_FIELD, PROTOCOL).finish();
}

/** The `postern.v1.SyncState` of a `SyncResponse`; empty: it has none. null: malformed. */
export function stateOf(response: Uint8Array): Uint8Array | null {
  const reader = new ProtobufReader(response);
  let state = response.subarray(0, 0);
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) state = reader.content;
  return reader.malformed ? null : state;
}
