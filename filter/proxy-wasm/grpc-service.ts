/** Field 1, length-delimited: `GrpcService.envoy_grpc`, and within it `EnvoyGrpc.cluster_name`. */
const FIELD_1: u8 = 0x0a;

/**
 * A cluster's name as a serialized `envoy.config.core.v3.GrpcService`. Envoy takes a bare name, too, but tries it as
 * this message first, and aborts when it happens to be one without a target: `empty` (a fixed32 field 12) ends Envoy.
 */
export function encodeGrpcService(cluster: Uint8Array): Uint8Array {
  const length = cluster.length;
  const inner = 1 + varintSize(length) + length;
  const service = new Uint8Array(1 + varintSize(inner) + inner);
  const name = writeField(writeField(service.dataStart, inner), length);
  memory.copy(name, cluster.dataStart, length);
  return service;
}

function varintSize(value: u32): i32 {
  let size = 1;
  for (let rest = value >> 7; rest != 0; rest >>= 7) size++;
  return size;
}

/** Writes the tag and the length; gives the address behind them. */
function writeField(address: usize, length: u32): usize {
  store<u8>(address++, FIELD_1);
  let rest = length;
  while (rest > 0x7f) {
    store<u8>(address++, (rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  store<u8>(address++, rest);
  return address;
}
