import { Collector } from "./collector";
import { Container } from "./container";
import { isQuote, skipWhitespace } from "./content-type";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";

const GREATER_THAN: u8 = 0x3e;
const LESS_THAN: u8 = 0x3c;
const SLASH: u8 = 0x2f;
const EQUALS: u8 = 0x3d;
const COLON: u8 = 0x3a;

/** End of the name of an element or attribute: whatever is no whitespace and no syntax. */
export function nameEnd(text: Uint8Array, at: i32): i32 {
  for (; at < text.length; at++) {
    const byte = unchecked(text[at]);
    if (isWhitespace(byte) || isQuote(byte)) return at;
    if (byte == GREATER_THAN || byte == LESS_THAN || byte == SLASH || byte == EQUALS) return at;
  }
  return at;
}

/** A name, where it or what stands around its colon is not plain. */
export function collectName(collector: Collector, source: Source, start: i32, end: i32): void {
  const text = source.text;
  let colon = start;
  while (colon < end && unchecked(text[colon]) != COLON) colon += 1;
  const local = colon < end ? colon + 1 : end;
  if (isPlainName(text, start, colon) && isPlainName(text, local, end)) return;
  collector.add(ValueKind.XmlName, collector.name(text, 0, 0), source, start, end, Container.Raw);
}

/** The attributes of a tag from `at` on; gives the position past its `>`; -1: it is not well-formed. */
export function collectAttributes(collector: Collector, source: Source, at: i32): i32 {
  const text = source.text;
  while (true) {
    at = skipWhitespace(text, at);
    if (at >= text.length) return -1;
    const byte = unchecked(text[at]);
    if (byte == GREATER_THAN) return at + 1;
    if (byte == SLASH) return at + 1 < text.length && unchecked(text[at + 1]) == GREATER_THAN ? at + 2 : -1;
    const end = nameEnd(text, at);
    if (end == at) return -1;
    collectName(collector, source, at, end);
    let value = skipWhitespace(text, end);
    if (value >= text.length || unchecked(text[value]) != EQUALS) return -1;
    value = skipWhitespace(text, value + 1);
    if (value >= text.length || !isQuote(unchecked(text[value]))) return -1;
    const quote = unchecked(text[value]);
    let stop = value + 1;
    while (stop < text.length && unchecked(text[stop]) != quote) stop += 1;
    if (stop >= text.length) return -1;
    collector.add(ValueKind.XmlText, collector.name(text, at, end), source, value + 1, stop, Container.Raw);
    at = stop + 1;
  }
}
