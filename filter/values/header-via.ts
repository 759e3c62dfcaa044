import { isLetterOrDigit } from "../encoding/letter-or-digit";

const SPACE: u8 = 0x20;
const COMMA: u8 = 0x2c;
const MAX_COMMENT_BYTES = 48;

/** Whether it is no list of version, host and, in parentheses, a product (RFC 9110, section 7.6.3). */
export function breaksVia(value: Uint8Array): bool {
  let at = 0;
  while (at < value.length) {
    while (at < value.length && (unchecked(value[at]) == SPACE || unchecked(value[at]) == COMMA)) at += 1;
    const version = wordEnd(value, at);
    if (version == at || !isVersion(value, at, version)) return version < value.length || version > at;
    const host = wordEnd(value, version + 1);
    if (version >= value.length || unchecked(value[version]) != SPACE || host <= version + 1) return true;
    at = host;
    if (at + 1 < value.length && unchecked(value[at]) == SPACE && unchecked(value[at + 1]) == 0x28) {
      const start = at + 2;
      at = start;
      while (at < value.length && (isWordByte(unchecked(value[at])) || unchecked(value[at]) == SPACE)) at += 1;
      if (at - start > MAX_COMMENT_BYTES || at >= value.length || unchecked(value[at]) != 0x29) return true;
      at += 1;
    }
    while (at < value.length && unchecked(value[at]) == SPACE) at += 1;
    if (at < value.length && unchecked(value[at]) != COMMA) return true;
  }
  return false;
}

/** Letters and `/`, then a digit, then digits and dots. */
function isVersion(value: Uint8Array, start: i32, end: i32): bool {
  let at = start;
  while (at < end && (unchecked(value[at]) | 0x20) - 0x61 < 26) at += 1;
  if (at > start && at < end && unchecked(value[at]) == 0x2f) at += 1;
  else if (at > start) return false;
  if (at >= end) return false;
  for (; at < end; at++) {
    const byte = unchecked(value[at]);
    if (byte - 0x30 >= 10 && byte != 0x2e) return false;
  }
  return true;
}

function wordEnd(value: Uint8Array, at: i32): i32 {
  while (at < value.length && isWordByte(unchecked(value[at]))) at += 1;
  return at;
}

function isWordByte(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x2d || byte == 0x2e || byte == 0x2f || byte == 0x3a || byte == 0x5f;
}
