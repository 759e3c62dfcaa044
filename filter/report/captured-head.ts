import { bytes, equal, HeaderMap } from "proxy-wasm-as";
import { readsLike } from "../hygiene/name-reading";

const COUNT_SIZE: i32 = 4;
const LENGTHS_SIZE: i32 = 8;

/** What a client proves itself by, and what a proxy says of its certificate: never kept. */
const credentials: StaticArray<Uint8Array> = [
  bytes("authorization"),
  bytes("proxy-authorization"),
  bytes("cookie"),
  bytes("dpop"),
  bytes("x-forwarded-client-cert"),
];

/** The header pairs without credentials, among them `keyHeader` (of API keys) in any spelling, as the host serialises them: see `HeaderMap`. */
export function capturedHead(headers: HeaderMap, keyHeader: Uint8Array): Uint8Array {
  const kept: i32[] = [];
  let size = COUNT_SIZE;
  for (let i = 0; i < headers.size; i++) {
    const name = headers.name(i);
    if (isCredential(name) || readsLike(name, keyHeader)) continue;
    kept.push(i);
    size += LENGTHS_SIZE + name.length + headers.value(i).length + 2;
  }
  const head = new Uint8Array(size);
  let lengths = head.dataStart;
  store<u32>(lengths, <u32>kept.length);
  lengths += COUNT_SIZE;
  let at = lengths + kept.length * LENGTHS_SIZE;
  for (let i = 0; i < kept.length; i++) {
    const name = headers.name(kept[i]);
    const value = headers.value(kept[i]);
    store<u32>(lengths, <u32>name.length);
    store<u32>(lengths, <u32>value.length, 4);
    lengths += LENGTHS_SIZE;
    memory.copy(at, name.dataStart, name.length);
    at += name.length + 1;
    memory.copy(at, value.dataStart, value.length);
    at += value.length + 1;
  }
  return head;
}

function isCredential(name: Uint8Array): bool {
  for (let i = 0; i < credentials.length; i++) if (equal(name, credentials[i])) return true;
  return false;
}
