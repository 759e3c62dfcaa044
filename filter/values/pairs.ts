import { Collector } from "./collector";
import { Container } from "./decode";
import { isPlainName } from "./plain-name";
import { Component, ValueKind } from "./value";

const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;

/**
 * Name and value of each `name=value` between `&` (application/x-www-form-urlencoded) in `start` to `end` of `source`.
 * A part without `=` is a value. A name is a value of its own where it is not plain, and where it is all there is: what
 * base64 ends in looks like an empty value. All go by the name of their `owner`, where they have one. `;` separates nothing: it would cut `a;cat /etc/passwd` in two.
 */
export function collectPairs(
  collector: Collector,
  component: Component,
  nameKind: ValueKind,
  valueKind: ValueKind,
  source: Uint8Array,
  start: i32,
  end: i32,
  owner: Uint8Array | null = null,
): void {
  let number = 0;
  for (let at = start; at < end; number++) {
    let equals = -1;
    let stop = at;
    while (stop < end && unchecked(source[stop]) != AMPERSAND) {
      if (equals < 0 && unchecked(source[stop]) == EQUALS) equals = stop;
      stop += 1;
    }
    const nameEnd = equals < 0 ? at : equals;
    const value = equals < 0 ? at : equals + 1;
    if (!isPlainName(source, at, nameEnd) || onlyEquals(source, value, stop)) {
      const name = owner !== null ? owner : collector.number(number);
      collector.add(nameKind, component, name, source, at, nameEnd, Container.PlusPercent);
    }
    const name = owner !== null ? owner : source.subarray(at, nameEnd);
    collector.add(valueKind, component, name, source, value, stop, Container.PlusPercent);
    at = stop + 1;
  }
}

function onlyEquals(source: Uint8Array, start: i32, end: i32): bool {
  for (let i = start; i < end; i++) {
    if (unchecked(source[i]) != EQUALS) return false;
  }
  return true;
}
