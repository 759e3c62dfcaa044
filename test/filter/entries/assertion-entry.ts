import { JsonWriter } from "../../../filter/encoding/json-writer";
import { AssertionCache } from "../../../filter/identity/assertion-cache";

export const Uint8Array_ID = idof<Uint8Array>();

const cache = new AssertionCache();

export function put(claims: Uint8Array, token: Uint8Array): void {
  cache.put(claims, token, 0);
}

/** Empty: it is not there. */
export function find(claims: Uint8Array): Uint8Array {
  const found = cache.find(claims);
  return found === null ? new Uint8Array(0) : found.token;
}

export function size(): i32 {
  return cache.size;
}

export function byteLength(): i32 {
  return cache.byteLength;
}

/** An object with one text, and itself once more within. */
export function object(name: Uint8Array, text: Uint8Array): Uint8Array {
  const inner = new JsonWriter();
  inner.text(name, text);
  const outer = new JsonWriter();
  outer.text(name, text);
  outer.value(Uint8Array.wrap(String.UTF8.encode("\0inner")), inner.finish());
  return outer.finish();
}
