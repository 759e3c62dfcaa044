// The header codec for Node: nothing here needs a host.
import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderList } from "proxy-wasm-as/header-list";
import { HeaderMap } from "proxy-wasm-as/header-map";

export const Uint8Array_ID = idof<Uint8Array>();

let decoded = HeaderMap.decode(new Uint8Array(0));
let list = new HeaderList();

export function decode(pairs: Uint8Array): void {
  decoded = HeaderMap.decode(pairs);
}

export function malformed(): bool {
  return decoded.malformed;
}

export function size(): i32 {
  return decoded.size;
}

export function byteLength(): i32 {
  return decoded.byteLength;
}

export function name(index: i32): Uint8Array {
  return decoded.name(index).slice();
}

export function value(index: i32): Uint8Array {
  return decoded.value(index).slice();
}

export function indexOf(wanted: Uint8Array, from: i32): i32 {
  return decoded.indexOf(wanted, from);
}

export function first(wanted: Uint8Array): Uint8Array | null {
  const found = decoded.first(wanted);
  return found == null ? null : found.slice();
}

export function begin(): void {
  list = new HeaderList();
}

export function add(name: Uint8Array, value: Uint8Array): i32 {
  return list.add(name, value).size;
}

export function encode(): Uint8Array {
  return list.encode();
}

export function same(a: Uint8Array, b: Uint8Array): bool {
  return equal(a, b);
}

export function literal(): Uint8Array {
  return bytes("a\0ä€");
}
