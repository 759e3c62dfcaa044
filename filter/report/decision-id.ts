import { fillRandom } from "proxy-wasm-as";

const ID_BYTES: i32 = 16;
/** Drawn from the host for so many ids at once. */
const POOL_IDS: i32 = 64;

const pool = new Uint8Array(POOL_IDS * ID_BYTES);
let left: i32 = 0;

/** 128 random bits. */
export function randomId(): Uint8Array {
  if (left == 0) {
    fillRandom(pool);
    left = POOL_IDS;
  }
  left -= 1;
  return pool.slice(left * ID_BYTES, (left + 1) * ID_BYTES);
}
