/** Field 1, length-delimited: `GrpcService.envoy_grpc`, and within it `EnvoyGrpc.cluster_name`. */
const FIELD_1: u8 = 0x0a;
/** Field 4, length-delimited: `EnvoyGrpc.max_receive_message_length`, a `UInt32Value`. */
const FIELD_4: u8 = 0x22;
/** Field 1, varint: `UInt32Value.value`. */
const VALUE: u8 = 0x08;

/**
 * A cluster's name as a serialized `envoy.config.core.v3.GrpcService`. Envoy takes a bare name, too, but tries it as
 * this message first, and aborts when it happens to be one without a target: `empty` (a fixed32 field 12) ends Envoy.
 * `maxMessageBytes`: a larger message from the server ends the call with RESOURCE_EXHAUSTED before it is read.
 */
export function encodeGrpcService(cluster: Uint8Array, maxMessageBytes: u32): Uint8Array {
  const length = cluster.length;
  const limit = 1 + varintSize(maxMessageBytes);
  const inner = 1 + varintSize(length) + length + 2 + limit;
  const service = new Uint8Array(1 + varintSize(inner) + inner);
  let at = writeVarint(service.dataStart, FIELD_1, inner);
  at = writeVarint(at, FIELD_1, length);
  memory.copy(at, cluster.dataStart, length);
  at = writeVarint(at + length, FIELD_4, limit);
  writeVarint(at, VALUE, maxMessageBytes);
  return service;
}

function varintSize(value: u32): i32 {
  let size = 1;
  for (let rest = value >> 7; rest != 0; rest >>= 7) size++;
  return size;
}

/** Writes a tag and a number behind it, a field's length or its value; gives the address behind both. */
function writeVarint(address: usize, tag: u8, value: u32): usize {
  store<u8>(address++, tag);
  let rest = value;
  while (rest > 0x7f) {
    store<u8>(address++, (rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  store<u8>(address++, rest);
  return address;
}
