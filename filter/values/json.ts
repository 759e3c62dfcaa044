import { JsonReader, JsonToken } from "../encoding/json";
import { Collector } from "./collector";
import { Decoding } from "./decoding";
import { JsonPosition } from "./json-pointer";
import { isPlainName } from "./plain-name";
import { Component, ValueKind } from "./value";

const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;

/**
 * Names that are not plain, and string leaves, of a JSON text (RFC 8259) that begins at `from`. False: it is not
 * well-formed, or nested too deeply; what was found until then stays.
 */
export function collectJson(collector: Collector, body: Uint8Array, from: i32): bool {
  const text = body.subarray(from);
  const reader = new JsonReader(text);
  const position = new JsonPosition(text);
  const none = text.subarray(0, 0);
  let number = 0;
  let token = reader.next();
  for (; token != JsonToken.End && token != JsonToken.Error; token = reader.next()) {
    const depth = reader.depth;
    const start = reader.start;
    const end = reader.end;
    if (token == JsonToken.Name) {
      position.member(depth, start, end);
      if (!isPlainName(text, start, end)) {
        const name = collector.number(number);
        const applied = appliedDecoding(reader, text);
        collector.addDecoded(
          ValueKind.JsonName,
          Component.Body,
          name,
          from + start,
          from + end,
          reader.text(),
          applied,
        );
      }
      number += 1;
    } else if (token == JsonToken.BeginObject || token == JsonToken.BeginArray) {
      position.value(depth - 1);
      position.enter(depth, token == JsonToken.BeginArray);
    } else if (token != JsonToken.EndObject && token != JsonToken.EndArray) {
      position.value(depth);
      if (token != JsonToken.String) continue;
      const name = collector.full ? none : position.pointer(depth);
      const applied = appliedDecoding(reader, text);
      collector.addDecoded(
        ValueKind.JsonString,
        Component.Body,
        name,
        from + start,
        from + end,
        reader.text(),
        applied,
      );
    }
  }
  return token == JsonToken.End;
}

/** `UnicodeEscape` where the last string has one; -1: none, or only escapes of syntax and line breaks. */
function appliedDecoding(reader: JsonReader, text: Uint8Array): i32 {
  if (!reader.escaped) return -1;
  for (let i = reader.start; i < reader.end; i++) {
    if (unchecked(text[i]) != BACKSLASH) continue;
    i += 1;
    if (i < reader.end && unchecked(text[i]) == LOWER_U) return Decoding.UnicodeEscape;
  }
  return -1;
}
