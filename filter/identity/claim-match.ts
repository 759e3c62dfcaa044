import { bytes, equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { parseDecimal } from "./decimal";

const CLAIM_STRING: u8 = 0;
const CLAIM_NUMBER: u8 = 1;
const CLAIM_BOOLEAN: u8 = 2;

const TRUE = bytes("true");
const FALSE = bytes("false");

/**
 * Whether the top-level member `name` of `payload` (a JSON object) equals the value, or is an array with an element that
 * does. Strings are compared after unescaping, numbers by value (1, 1.0 and 10e-1 are the same).
 */
export function claimMatches(payload: Uint8Array, name: Uint8Array, kind: u8, text: Uint8Array): bool {
  const reader = new JsonReader(payload);
  if (reader.next() != JsonToken.BeginObject) return false;
  while (reader.next() == JsonToken.Name) {
    if (!equal(reader.text(), name)) {
      if (!reader.skip()) return false;
      continue;
    }
    const token = reader.next();
    return token == JsonToken.BeginArray ? anyElement(reader, kind, text) : scalarEquals(reader, token, kind, text);
  }
  return false;
}

/** Elements that are arrays or objects themselves equal nothing. */
function anyElement(reader: JsonReader, kind: u8, text: Uint8Array): bool {
  const depth = reader.depth;
  while (true) {
    const token = reader.next();
    if (token == JsonToken.Error || token == JsonToken.End || reader.depth < depth) return false;
    if (reader.depth == depth && scalarEquals(reader, token, kind, text)) return true;
  }
}

function scalarEquals(reader: JsonReader, token: JsonToken, kind: u8, text: Uint8Array): bool {
  if (kind == CLAIM_STRING) return token == JsonToken.String && equal(reader.text(), text);
  if (kind == CLAIM_BOOLEAN) {
    if (token == JsonToken.True) return equal(text, TRUE);
    return token == JsonToken.False && equal(text, FALSE);
  }
  if (kind != CLAIM_NUMBER || token != JsonToken.Number) return false;
  const claim = parseDecimal(reader.text());
  const wanted = parseDecimal(text);
  return claim !== null && wanted !== null && claim.equals(wanted);
}
