import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { Collector } from "./collector";
import { Container } from "./container";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { ValueKind } from "./value";

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;

/**
 * Each segment of a path that is not empty, and its parameters. The whole path too where it has several and something in
 * it is odd: an attack may stand across segments (`/../../etc/passwd`, `/<b>x</b>`), and an everyday path need not be
 * scored twice.
 */
export function collectPath(collector: Collector, source: Source): void {
  const path = source.text;
  const end = path.length;
  let number = 0;
  let start = 0;
  let parameters = -1;
  for (let at = 0; at <= end; at++) {
    const byte = at < end ? unchecked(path[at]) : SLASH;
    if (byte == SEMICOLON && parameters < 0) parameters = at;
    if (byte != SLASH) continue;
    collector.add(ValueKind.PathSegment, collector.number(number), source, start, at, Container.Percent);
    if (parameters >= 0) collectParameters(collector, source, parameters, at);
    if (at > start) number += 1;
    start = at + 1;
    parameters = -1;
  }
  if (number > 1 && isOdd(path)) {
    collector.add(ValueKind.Path, collector.name(path, 0, 0), source, 0, end, Container.Percent);
  }
}

/** Name, where it is not plain, and value of each `;name=value` (RFC 3986, section 3.3); one without `=` is a value. */
function collectParameters(collector: Collector, source: Source, start: i32, end: i32): void {
  const path = source.text;
  let number = 0;
  for (let at = start + 1; at < end; number++) {
    let stop = at;
    let equals = -1;
    while (stop < end && unchecked(path[stop]) != SEMICOLON) {
      if (equals < 0 && unchecked(path[stop]) == EQUALS) equals = stop;
      stop += 1;
    }
    const nameEnd = equals < 0 ? at : equals;
    if (!isPlainName(path, at, nameEnd)) {
      collector.add(ValueKind.PathParameter, collector.number(number), source, at, nameEnd, Container.Percent);
    }
    const name = collector.name(path, at, nameEnd);
    const value = equals < 0 ? at : equals + 1;
    collector.add(ValueKind.PathParameter, name, source, value, stop, Container.Percent);
    at = stop + 1;
  }
}

/** A byte that is not unreserved (RFC 3986, section 2.3), an empty segment within, or one that begins with a dot. */
function isOdd(path: Uint8Array): bool {
  let previous: u8 = 0;
  for (let i = 0; i < path.length; i++) {
    const byte = unchecked(path[i]);
    if (previous == SLASH && (byte == SLASH || byte == DOT)) return true;
    if (!isLetterOrDigit(byte) && byte != SLASH && byte != DOT && byte != 0x2d && byte != 0x5f && byte != 0x7e)
      return true;
    previous = byte;
  }
  return false;
}
