import { bytes, equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { Collector } from "./collector";
import { Container } from "./container";
import { collectGraphql } from "./graphql";
import { JsonPosition } from "./json-pointer";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";

const RECORD_SEPARATOR: u8 = 0x1e;
const BACKSLASH: u8 = 0x5c;
const QUOTE: u8 = 0x22;
const APOSTROPHE: u8 = 0x27;
const GRAVE: u8 = 0x60;
const QUERY = bytes("query");

/**
 * Names that are not plain, and string leaves, of the JSON texts (RFC 8259) that begin at `from` and follow each other
 * after whitespace or record separators (RFC 7464). A leaf called `query` is also read as GraphQL. False: one is not
 * well-formed, or nested too deeply; then what stands in quotes behind the fault is given too, if it is meant as JSON:
 * it is `declared` so, or was until then.
 */
export function collectJson(collector: Collector, source: Source, from: i32, declared: bool): bool {
  const text = source.text;
  const position = new JsonPosition(text);
  let number = 0;
  let found = declared;
  for (let at = textStart(text, from); at < text.length; ) {
    const reader = new JsonReader(text, at);
    let isQuery = false;
    while (!reader.complete) {
      const token = reader.next();
      const depth = reader.depth;
      const start = reader.start;
      const end = reader.end;
      const container = reader.escaped ? Container.Json : Container.Raw;
      if (token == JsonToken.Error) {
        if (found) collectLooseStrings(collector, source, start);
        return false;
      }
      if (token == JsonToken.Name) {
        found = true;
        position.member(depth, start, end);
        isQuery = end - start == QUERY.length && equal(text.subarray(start, end), QUERY);
        if (!isPlainName(text, start, end)) {
          collector.add(ValueKind.JsonName, collector.number(number), source, start, end, container);
        }
        number += 1;
      } else if (token == JsonToken.BeginObject || token == JsonToken.BeginArray) {
        position.value(depth - 1);
        position.enter(depth, token == JsonToken.BeginArray);
      } else if (token != JsonToken.EndObject && token != JsonToken.EndArray) {
        position.value(depth);
        if (token != JsonToken.String) continue;
        const name = collector.full ? collector.name(text, 0, 0) : position.pointer(depth);
        collector.add(ValueKind.JsonString, name, source, start, end, container);
        if (isQuery && !collector.full) collectGraphql(collector, source.within(start, end, container), 0);
      }
    }
    at = textStart(text, reader.nextPosition);
  }
  return true;
}

/** What stands between two quotes of a kind, up to the end: JSON as lenient readers take it. */
function collectLooseStrings(collector: Collector, source: Source, at: i32): void {
  const text = source.text;
  const name = collector.name(text, 0, 0);
  for (; at < text.length; at++) {
    const quote = unchecked(text[at]);
    if (quote != QUOTE && quote != APOSTROPHE && quote != GRAVE) continue;
    let end = at + 1;
    while (end < text.length && unchecked(text[end]) != quote) end += unchecked(text[end]) == BACKSLASH ? 2 : 1;
    end = min(end, text.length);
    collector.add(ValueKind.JsonString, name, source, at + 1, end, Container.Json);
    at = end;
  }
}

function textStart(text: Uint8Array, at: i32): i32 {
  while (at < text.length && (isWhitespace(unchecked(text[at])) || unchecked(text[at]) == RECORD_SEPARATOR)) at += 1;
  return at;
}
