import { hexDigit } from "../encoding/hex";

const COLON: u8 = 0x3a;
const DOT: u8 = 0x2e;
const PERCENT: u8 = 0x25;
const OPENING: u8 = 0x5b;
const CLOSING: u8 = 0x5d;
const GROUPS: i32 = 8;

/** The groups of 16 bits that are being read. */
const groups = new StaticArray<u16>(GROUPS);

/** An IP address as 128 bits; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
export class SourceAddress {
  constructor(
    /** The address could be read. */
    public readonly known: bool,
    public readonly high: u64,
    public readonly low: u64,
  ) {}

  get isIPv4(): bool {
    return this.high == 0 && this.low >> 32 == 0xffff;
  }
}

/** Reads `a.b.c.d:port` or `[v6]:port` (RFC 3986 section 3.2.2), the port and a zone optional; anything else is not known. */
export function parseSourceAddress(text: Uint8Array): SourceAddress {
  if (text.length == 0 || unchecked(text[0]) != OPENING) {
    const port = text.indexOf(COLON);
    const address = parseIPv4(text, 0, port < 0 ? text.length : port);
    return address < 0 ? unknown() : new SourceAddress(true, 0, 0xffff_0000_0000 | <u64>address);
  }
  const closing = text.indexOf(CLOSING);
  if (closing < 0) return unknown();
  const zone = text.indexOf(PERCENT);
  return parseIPv6(text, 1, zone >= 0 && zone < closing ? zone : closing);
}

function unknown(): SourceAddress {
  return new SourceAddress(false, 0, 0);
}

/** RFC 4291 section 2.2: groups of hexadecimal digits, one `::` for any number of zeros, IPv4 notation for the last two. */
function parseIPv6(text: Uint8Array, start: i32, end: i32): SourceAddress {
  let count = 0;
  let gap = -1;
  let at = start;
  if (at + 1 < end && unchecked(text[at]) == COLON && unchecked(text[at + 1]) == COLON) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (count == GROUPS) return unknown();
    let next = at;
    while (next < end && unchecked(text[next]) != COLON && unchecked(text[next]) != DOT) next++;
    if (next < end && unchecked(text[next]) == DOT) {
      const address = parseIPv4(text, at, end);
      if (address < 0 || count > GROUPS - 2) return unknown();
      unchecked((groups[count++] = <u16>(address >> 16)));
      unchecked((groups[count++] = <u16>address));
      break;
    }
    const group = parseGroup(text, at, next);
    if (group < 0) return unknown();
    unchecked((groups[count++] = <u16>group));
    if (next == end) break;
    at = next + 1;
    if (at == end) return unknown();
    if (unchecked(text[at]) != COLON) continue;
    if (gap >= 0) return unknown();
    gap = count;
    at += 1;
  }
  if (gap < 0 ? count != GROUPS : count == GROUPS) return unknown();
  return joined(gap < 0 ? count : gap, count);
}

/** The groups before `gap`, zeros, and the rest of the `count` groups at the end. */
function joined(gap: i32, count: i32): SourceAddress {
  let high: u64 = 0;
  let low: u64 = 0;
  for (let i = 0; i < GROUPS; i++) {
    const index = i < gap ? i : i - (GROUPS - count);
    const group: u64 = i < gap || index >= gap ? unchecked(groups[index]) : 0;
    high = (high << 16) | (low >> 48);
    low = (low << 16) | group;
  }
  return new SourceAddress(true, high, low);
}

/** -1: not four numbers of at most 255. */
function parseIPv4(text: Uint8Array, start: i32, end: i32): i64 {
  let address: i64 = 0;
  let at = start;
  for (let part = 0; part < 4; part++) {
    let value = 0;
    const first = at;
    for (; at < end && at - first < 3 && <u32>unchecked(text[at]) - 0x30 < 10; at++) {
      value = value * 10 + (unchecked(text[at]) - 0x30);
    }
    if (at == first || value > 255) return -1;
    address = (address << 8) | value;
    if (part == 3) break;
    if (at == end || unchecked(text[at]) != DOT) return -1;
    at += 1;
  }
  return at == end ? address : -1;
}

/** One to four hexadecimal digits; -1: something else. */
function parseGroup(text: Uint8Array, start: i32, end: i32): i32 {
  if (end == start || end - start > 4) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = hexDigit(unchecked(text[i]));
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}
