import { beginsWith, bytes, equal } from "proxy-wasm-as/bytes";
import { JsonToken } from "../encoding/json";
import { unescapeJson } from "../encoding/json-scan";
import {
  VALUE_ABOVE,
  VALUE_AT_LEAST,
  VALUE_AT_MOST,
  VALUE_BELOW,
  VALUE_BOOLEAN,
  VALUE_NUMBER,
  VALUE_PREFIX,
  VALUE_STRING,
} from "../policy/blob-layout";
import { parseDecimal } from "./decimal";

const TRUE = bytes("true");
const FALSE = bytes("false");

/**
 * Whether a scalar of JSON (its raw bytes) is what a policy asks for: strings are compared after unescaping, numbers by value
 * (1, 1.0 and 10e-1 are the same). `text`: the string itself, a JSON number, `true` or `false`.
 */
export function isValue(token: JsonToken, raw: Uint8Array, escaped: bool, kind: u32, text: Uint8Array): bool {
  switch (kind) {
    case VALUE_STRING:
      return token == JsonToken.String && equal(escaped ? unescapeJson(raw) : raw, text);
    case VALUE_PREFIX:
      return token == JsonToken.String && beginsWith(escaped ? unescapeJson(raw) : raw, text);
    case VALUE_BOOLEAN:
      return token == JsonToken.True ? equal(text, TRUE) : token == JsonToken.False && equal(text, FALSE);
    default:
      return token == JsonToken.Number && isNumber(raw, kind, text);
  }
}

function isNumber(raw: Uint8Array, kind: u32, text: Uint8Array): bool {
  const claim = parseDecimal(raw);
  const wanted = parseDecimal(text);
  if (claim === null || wanted === null) return false;
  const order = claim.compare(wanted);
  switch (kind) {
    case VALUE_NUMBER:
      return order == 0;
    case VALUE_AT_LEAST:
      return order >= 0;
    case VALUE_ABOVE:
      return order > 0;
    case VALUE_AT_MOST:
      return order <= 0;
    case VALUE_BELOW:
      return order < 0;
    default:
      return false;
  }
}
