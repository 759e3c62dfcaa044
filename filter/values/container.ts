import { joinCborPieces } from "../encoding/cbor-pieces";
import { holdsByte } from "../encoding/find-byte";
import { unescapeJson } from "../encoding/json-scan";
import { percentDecoded } from "../encoding/percent";
import { startPass } from "../encoding/trace";
import { fromUtf16, fromUtf32 } from "../encoding/wide-text";
import { decodeBase64At } from "./base64-text";
import { Decoding } from "./decoding";
import { decodeEncodedWords } from "./encoded-word";
import { Forms } from "./forms";
import { decodeQuotedPrintable } from "./quoted-printable";
import { joinTextRuns } from "./text-runs";
import { joinXmlText } from "./xml-join";

const PERCENT: u8 = 0x25;
const PLUS: u8 = 0x2b;
const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;

/** The decoding that belongs to a text's place, not to the text. */
export const enum Container {
  Raw,
  /** Path. */
  Percent,
  /** Query and form: `+` is a space. */
  PlusPercent,
  /** The content of a string (RFC 8259, section 7). */
  Json,
  /** Text around comments, CDATA marks, instructions and tags. */
  XmlText,
  /** Runs of text in binary content. */
  TextRuns,
  /** A file name with encoded words (RFC 2047). */
  EncodedWords,
  /** Transfer encodings (RFC 2045, section 6). */
  Base64,
  QuotedPrintable,
  /** Strings of CBOR that make one without a definite length (RFC 8949, section 3.2.3). */
  CborPieces,
  Utf16Little,
  Utf16Big,
  Utf32Little,
  Utf32Big,
  /** Content codings of a body (RFC 9110, section 8.4.1), undone in `content-layers`: each byte comes from all of it. */
  ContentCoding,
}

/** What a place makes of its raw text, which is not changed; `told` gets the decodings that a log should name. */
export function decodeContainer(raw: Uint8Array, container: Container, told: Forms | null): Uint8Array {
  switch (container) {
    case Container.Percent:
    case Container.PlusPercent:
      return decodeUrl(raw, container == Container.PlusPercent, told);
    case Container.Json:
      if (!holdsByte(raw, BACKSLASH)) return raw;
      if (hasUnicodeEscape(raw)) tell(told, Decoding.UnicodeEscape);
      return unescapeJson(raw);
    case Container.XmlText:
      return joinXmlText(raw);
    case Container.TextRuns:
      return joinTextRuns(raw);
    case Container.EncodedWords:
      return decodeEncodedWords(raw, told);
    case Container.Base64:
      tell(told, Decoding.Base64);
      return decodeBase64(raw);
    case Container.QuotedPrintable:
      tell(told, Decoding.QuotedPrintable);
      return decodedCopy(raw);
    case Container.CborPieces:
      return joinCborPieces(raw);
    case Container.Utf16Little:
    case Container.Utf16Big:
      tell(told, Decoding.Utf16);
      return fromUtf16(raw, container == Container.Utf16Big);
    case Container.Utf32Little:
    case Container.Utf32Big:
      tell(told, Decoding.Utf32);
      return fromUtf32(raw, container == Container.Utf32Big);
    default:
      return raw;
  }
}

function tell(told: Forms | null, decoding: Decoding): void {
  if (told !== null) told.apply(<u8>decoding);
}

function decodeUrl(raw: Uint8Array, form: bool, told: Forms | null): Uint8Array {
  const plus = form && holdsByte(raw, PLUS);
  if (!plus && !holdsByte(raw, PERCENT)) return raw;
  const text = percentDecoded(raw, form);
  if (plus) tell(told, Decoding.Plus);
  if (text.length != raw.length) tell(told, Decoding.Percent);
  return text;
}

function decodeBase64(raw: Uint8Array): Uint8Array {
  startPass();
  const text = raw.slice();
  return text.subarray(0, decodeBase64At(text, 0, text.length, 0));
}

function decodedCopy(raw: Uint8Array): Uint8Array {
  const text = raw.slice();
  return text.subarray(0, decodeQuotedPrintable(text, text.length));
}

/** Whether there is more than escapes of syntax and line breaks. */
function hasUnicodeEscape(raw: Uint8Array): bool {
  for (let i = raw.indexOf(BACKSLASH); i >= 0; i = raw.indexOf(BACKSLASH, i + 2)) {
    if (i + 1 < raw.length && unchecked(raw[i + 1]) == LOWER_U) return true;
  }
  return false;
}
