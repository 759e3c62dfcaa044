import { decodeBase64, decodeBase64Url } from "../../../filter/encoding/base64";
import { encodeHex, hexDigit } from "../../../filter/encoding/hex";
import { JsonReader, JsonToken } from "../../../filter/encoding/json";
import { isValidUtf8, writeCodePoint } from "../../../filter/encoding/utf8";

export const Uint8Array_ID = idof<Uint8Array>();
export { decodeBase64, decodeBase64Url, encodeHex, hexDigit, isValidUtf8 };

export function encodeCodePoint(codePoint: u32): Uint8Array {
  const out = new Uint8Array(4);
  return out.subarray(0, writeCodePoint(codePoint, out, 0));
}

/** Each token as: kind, depth, length of its text (u32, little-endian), text. Ends with Error or End. */
export function tokens(text: Uint8Array): Uint8Array {
  const reader = new JsonReader(text);
  const out: u8[] = [];
  while (true) {
    const token = reader.next();
    const value = reader.text();
    out.push(<u8>token);
    out.push(<u8>reader.depth);
    for (let shift = 0; shift < 32; shift += 8) out.push(<u8>(value.length >> shift));
    for (let i = 0; i < value.length; i++) out.push(value[i]);
    if (token == JsonToken.Error || token == JsonToken.End) break;
  }
  const bytes = new Uint8Array(out.length);
  for (let i = 0; i < out.length; i++) bytes[i] = out[i];
  return bytes;
}

/** Whether `skip` takes the one value and nothing is left. */
export function skips(text: Uint8Array): bool {
  const reader = new JsonReader(text);
  return reader.skip() && reader.next() == JsonToken.End;
}
