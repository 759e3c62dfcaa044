import { HeaderMap } from "proxy-wasm-as/header-map";
import { NameKinds } from "../../../filter/name-kinds";

export const Uint8Array_ID = idof<Uint8Array>();

/** Of a name: its bytes, weighed by their places. */
class Sums extends NameKinds {
  protected kindOf(name: Uint8Array): u32 {
    let sum: u32 = 1;
    for (let i = 0; i < name.length; i++) sum = sum * 31 + name[i];
    return sum;
  }
}

const sums = new Sums();
let headers = HeaderMap.decode(new Uint8Array(0));

export function decode(pairs: Uint8Array): void {
  headers = HeaderMap.decode(pairs);
}

export function kind(index: i32): u32 {
  return sums.of(headers, index);
}
