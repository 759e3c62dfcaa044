import { bytes, equal } from "proxy-wasm-as/bytes";

/** Method names in the order of their bits: RFC 9110 section 9.3, RFC 5789. */
const METHODS: StaticArray<Uint8Array> = [
  bytes("GET"),
  bytes("HEAD"),
  bytes("POST"),
  bytes("PUT"),
  bytes("PATCH"),
  bytes("DELETE"),
  bytes("OPTIONS"),
  bytes("CONNECT"),
  bytes("TRACE"),
];

/** The method's bit in a route's set; 0 for any other method, which no route allows. */
export function methodBit(method: Uint8Array): u32 {
  for (let i = 0; i < METHODS.length; i++) {
    if (equal(unchecked(METHODS[i]), method)) return 1 << i;
  }
  return 0;
}
