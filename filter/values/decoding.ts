import { bytes } from "proxy-wasm-as/bytes";

/** What was undone to get from a value's raw bytes to one of its forms. */
export const enum Decoding {
  Percent,
  Plus,
  HtmlEntity,
  UnicodeEscape,
  HexEscape,
  OctalEscape,
  Base64,
  Base64Url,
  Overlong,
  FullWidth,
  Comment,
  Whitespace,
  QuotedPrintable,
  EncodedWord,
  Utf16,
  Utf32,
  Gzip,
  Deflate,
  Compatibility,
  Invisible,
  Markup,
  Hexadecimal,
  AwsChunked,
  Slashes,
}

const names: Uint8Array[] = [
  bytes("percent"),
  bytes("plus"),
  bytes("html-entity"),
  bytes("unicode-escape"),
  bytes("hex-escape"),
  bytes("octal-escape"),
  bytes("base64"),
  bytes("base64url"),
  bytes("overlong"),
  bytes("full-width"),
  bytes("comment"),
  bytes("whitespace"),
  bytes("quoted-printable"),
  bytes("encoded-word"),
  bytes("utf-16"),
  bytes("utf-32"),
  bytes("gzip"),
  bytes("deflate"),
  bytes("compatibility"),
  bytes("invisible"),
  bytes("markup"),
  bytes("hexadecimal"),
  bytes("aws-chunked"),
  bytes("slashes"),
];

/** Name of a decoding for the log. */
export function decodingName(decoding: u8): Uint8Array {
  return <i32>decoding < names.length ? names[decoding] : new Uint8Array(0);
}
