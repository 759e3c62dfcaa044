import { bytes } from "proxy-wasm-as/bytes";
import { Environment, NO_VERSION } from "../environment";

const KEY = bytes("postern.dpop.window");
/** Three i64: the window of the newest policy, when it last grew, and what it had been. */
const VALUE_BYTES: i32 = 24;
const GREW_AT: i32 = 8;
const BEFORE: i32 = 16;
const ATTEMPTS: i32 = 8;

/**
 * Seconds from its making for which a proof can be told from one that was used, at most `window`, for all workers: where a
 * policy lengthens the window, proofs made until the former one is over were, or may be, remembered for that one only.
 * -1: the workers can't agree on it.
 */
export function provableSeconds(environment: Environment, window: i64, issuedSeconds: i64, nowSeconds: i64): i64 {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = environment.shared(KEY);
    const known = found !== null && found.value.length == VALUE_BYTES ? found.value : null;
    if (known !== null && load<i64>(known.dataStart) == window) {
      const grewAt = load<i64>(known.dataStart + GREW_AT);
      return issuedSeconds < grewAt ? min(window, load<i64>(known.dataStart + BEFORE)) : window;
    }
    environment.share(KEY, nextValue(known, window, nowSeconds), found === null ? NO_VERSION : found.version);
  }
  return -1;
}

function nextValue(known: Uint8Array | null, window: i64, nowSeconds: i64): Uint8Array {
  const next = new Uint8Array(VALUE_BYTES);
  store<i64>(next.dataStart, window);
  if (known === null) return next;
  const former = load<i64>(known.dataStart);
  const grewAt = load<i64>(known.dataStart + GREW_AT);
  const before = load<i64>(known.dataStart + BEFORE);
  if (window < former) {
    store<i64>(next.dataStart + GREW_AT, grewAt);
    store<i64>(next.dataStart + BEFORE, before);
    return next;
  }
  // A proof may be dated ahead by the skew that is allowed, which is part of the window.
  store<i64>(next.dataStart + GREW_AT, nowSeconds + former);
  // Proofs of before the last growth matter as long as one of them is young enough for the new window.
  const settled = nowSeconds > grewAt + window;
  store<i64>(next.dataStart + BEFORE, settled ? former : min(former, before));
  return next;
}
