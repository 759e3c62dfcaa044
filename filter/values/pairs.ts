import { bytes, equal } from "proxy-wasm-as/bytes";
import { findByte, findEither } from "../encoding/find-byte";
import { Collector } from "./collector";
import { Container } from "./container";
import { Duplicates } from "./duplicates";
import { collectGraphql } from "./graphql";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { ValueKind } from "./value";

const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;
const QUERY = bytes("query");

/**
 * Name and value of each `name=value` between `&` (application/x-www-form-urlencoded) from `start` on. A part without
 * `=` is a value. A name is a value of its own where it is not plain, and where it is all there is: what base64 ends in
 * looks like an empty value. Values of one name are also given joined, as some frameworks do. All go by the name of
 * their `owner`, where they have one. `;` separates nothing: it would cut `a;cat /etc/passwd` in two.
 */
export function collectPairs(
  collector: Collector,
  nameKind: ValueKind,
  valueKind: ValueKind,
  source: Source,
  start: i32,
  owner: Uint8Array | null = null,
): void {
  const text = source.text;
  const end = text.length;
  const duplicates = new Duplicates(source);
  let number = 0;
  for (let at = start; at < end; number++) {
    const mark = findEither(text, at, end, AMPERSAND, EQUALS);
    const isNamed = mark < end && unchecked(text[mark]) == EQUALS;
    const stop = isNamed ? findByte(text, mark + 1, end, AMPERSAND) : mark;
    const nameEnd = isNamed ? mark : at;
    const value = isNamed ? mark + 1 : at;
    if (nameEnd > at && (!isPlainName(text, at, nameEnd) || onlyEquals(text, value, stop))) {
      const name = owner !== null ? owner : collector.number(number);
      collector.add(nameKind, name, source, at, nameEnd, Container.PlusPercent);
    }
    if (stop > value) {
      const name = owner !== null ? owner : collector.name(text, at, nameEnd);
      collector.add(valueKind, name, source, value, stop, Container.PlusPercent);
      if (nameEnd > at && !collector.full) {
        duplicates.add(at, nameEnd, value, stop);
        if (equal(name, QUERY)) collectGraphql(collector, source.within(value, stop, Container.PlusPercent), 0);
      }
    }
    at = stop + 1;
  }
  duplicates.collect(collector, valueKind, owner);
}

function onlyEquals(source: Uint8Array, start: i32, end: i32): bool {
  for (let i = start; i < end; i++) {
    if (unchecked(source[i]) != EQUALS) return false;
  }
  return true;
}
