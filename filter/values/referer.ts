import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { Collector } from "./collector";
import { Container } from "./container";
import { Pairs } from "./pairs";
import { Source } from "./source";
import { ValueKind } from "./value";

const COLON: u8 = 0x3a;
const SLASH: u8 = 0x2f;
const QUESTION: u8 = 0x3f;

/** Path and query of a `referer` that is a URL with an everyday authority; any other is a value as a whole. */
export function collectReferer(collector: Collector, name: Uint8Array, source: Source): void {
  const field = source.text;
  const path = authorityEnd(field);
  if (path < 0) {
    collector.add(ValueKind.Header, name, source, 0, field.length, Container.Raw);
    return;
  }
  let query = path;
  while (query < field.length && unchecked(field[query]) != QUESTION) query += 1;
  if (query - path > 1) {
    collector.add(ValueKind.Header, name, source, path, query, Container.Percent);
  }
  if (query < field.length) {
    new Pairs(collector, ValueKind.Header, ValueKind.Header, source, query + 1, name).collectRest();
  }
}

/** End of `scheme://authority`, or -1. */
function authorityEnd(field: Uint8Array): i32 {
  const end = field.length;
  let at = 0;
  while (at < end && isLetterOrDigit(unchecked(field[at]))) at += 1;
  if (at == 0 || at + 2 >= end) return -1;
  if (unchecked(field[at]) != COLON || unchecked(field[at + 1]) != SLASH || unchecked(field[at + 2]) != SLASH)
    return -1;
  at += 3;
  for (; at < end; at++) {
    const byte = unchecked(field[at]);
    if (byte == SLASH || byte == QUESTION) return at;
    if (
      !isLetterOrDigit(byte) &&
      byte != 0x2e &&
      byte != 0x2d &&
      byte != 0x5f &&
      byte != COLON &&
      byte != 0x5b &&
      byte != 0x5d
    )
      return -1;
  }
  return end;
}
