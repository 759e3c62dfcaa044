import { Collector } from "./collector";
import { Container } from "./decode";
import { isLetterOrDigit } from "./plain-name";
import { Component, ValueKind } from "./value";

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;

/**
 * Each segment of a path that is not empty. The whole path too where it has several and something in it is odd: an
 * attack may stand across segments (`/../../etc/passwd`, `/<b>x</b>`), and an everyday path need not be scored twice.
 */
export function collectPath(collector: Collector, path: Uint8Array): void {
  const end = path.length;
  let number = 0;
  let start = 0;
  for (let at = 0; at <= end; at++) {
    if (at < end && unchecked(path[at]) != SLASH) continue;
    collector.add(ValueKind.PathSegment, Component.Path, collector.number(number), path, start, at, Container.Percent);
    if (at > start) number += 1;
    start = at + 1;
  }
  if (number > 1 && isOdd(path)) {
    collector.add(ValueKind.Path, Component.Path, path.subarray(0, 0), path, 0, end, Container.Percent);
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
