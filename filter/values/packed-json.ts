import { JsonReader, JsonToken } from "../encoding/json";
import { Decoding } from "./decoding";
import { Forms } from "./forms";
import { isPlainName } from "./plain-name";

/** A shorter one is judged whole: what is in it stands close together. */
const MIN_BYTES = 64;
const DOT: u8 = 0x2e;
const OPEN_BRACE: u8 = 0x7b;
/** What an opening brace is in base64, whatever follows it. */
const FIRST_DIGIT: u8 = 0x65;
/** As they are loaded. */
const TWO_UNDERSCORES: u16 = 0x5f5f;

/**
 * Which of a value's forms is an object of JSON that was in base64, as applications pack state into cookies, tokens and
 * links, with names that can't carry an attack; -1: none. It is its strings then that count, as in a body: a window over
 * several of them, most of them opaque, looks like what none of them is.
 */
export function packedJsonForm(decoded: Forms): i32 {
  for (let i = 1; i <= decoded.unfolded; i++) {
    if (unchecked(decoded.forms[i])[0] == OPEN_BRACE) {
      return isPacked(decoded, i) && hasPlainNames(decoded.forms[i]) ? i : -1;
    }
  }
  return -1;
}

/** Whether base64 from its first byte on led to the form. */
function isPacked(decoded: Forms, form: i32): bool {
  const decoding = decoded.decodings[decoded.steps[form] - 1];
  if (decoded.forms[form].length < MIN_BYTES) return false;
  if (decoding != <u8>Decoding.Base64 && decoding != <u8>Decoding.Base64Url) return false;
  return decoded.forms[form - 1][0] == FIRST_DIGIT;
}

/** Whether it is one text of JSON, each name plain, without a dot (paths have them) and none of those that change what objects inherit (`__proto__`). */
function hasPlainNames(text: Uint8Array): bool {
  const reader = new JsonReader(text);
  for (let token = reader.next(); token != JsonToken.End; token = reader.next()) {
    if (token == JsonToken.Error) return false;
    if (token != JsonToken.Name) continue;
    if (!isPlainName(text, reader.start, reader.end)) return false;
    if (text.subarray(reader.start, reader.end).includes(DOT)) return false;
    if (reader.end - reader.start > 1 && load<u16>(text.dataStart + reader.start) == TWO_UNDERSCORES) return false;
  }
  return true;
}
