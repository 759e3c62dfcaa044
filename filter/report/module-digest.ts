import { bytes, environmentVariable } from "proxy-wasm-as";
import { decodeHex } from "../encoding/hex";

const MODULE = bytes("POSTERN_MODULE");
const SHA256_BYTES = 32;

/** SHA-256 of the module that this is, as whoever configured it says; empty: it was not said. */
export function moduleDigest(): Uint8Array {
  const told = environmentVariable(MODULE);
  const digest = decodeHex(told === null ? new Uint8Array(0) : told);
  return digest.length == SHA256_BYTES ? digest : new Uint8Array(0);
}
