import { bytes } from "proxy-wasm-as/bytes";
import { inflateGzip, looksLikeGzip } from "../encoding/gzip";
import { inflate } from "../encoding/inflate";
import { BitReader } from "../encoding/inflate-bits";
import { InflateOutput } from "../encoding/inflate-output";
import { InflateStatus } from "../encoding/inflate-status";
import { HEADER_BYTES, hasZlibHeader } from "../encoding/zlib";
import { decodeBase64At, isAlphabetDigit } from "./base64-text";
import { isOneOfWords, matchesAt } from "./content-type";
import { Decoding } from "./decoding";

/** Fewer digits hold nothing: gzip's frame alone takes 18 bytes, that of zlib 6. */
const MIN_DIGITS = 16;
/** They tell three bytes. */
const HEAD_DIGITS = 4;
/** Bytes in which a prefix ends, in sixteens. */
const MOST_PREFIX = 32;
/** The digit that a stream's begins with behind a prefix: of zlib that with the largest window, as everybody writes it. */
const FIRST_OF_GZIP: u8 = 0x48;
const FIRST_OF_ZLIB: u8 = 0x65;
const DATA = bytes("data:");
const COMMA: u8 = 0x2c;
const DOT: u8 = 0x2e;
/** In lower case: whose values are bare DEFLATE (SAML 2.0 Bindings, section 3.4.4.1). */
const samlNames: Uint8Array[] = [bytes("samlrequest"), bytes("samlresponse")];

const head = new Uint8Array(HEAD_DIGITS);

/** What was inflated of a value. */
export class Inflated {
  constructor(
    public readonly text: Uint8Array,
    /** `Decoding`: of the content coding. */
    public readonly coding: u8,
    /** It goes on beyond the room there was. */
    public readonly isCut: bool,
  ) {}
}

/**
 * What the base64 that a decoded value begins with holds, where it is gzip or zlib, as applications pack state into cookies
 * and links: at most `room` bytes of it. A `data:` URL's media type, the dot of a compressed session and a prefix (`v1.…`,
 * `cursor_…`) are passed over, and so are other bytes among the digits, as lenient decoders do. However the stream ends, what
 * comes before counts: many decoders ignore what follows it, some hand over what they have before they fail. null: it is
 * nothing of the kind, or not one byte of it can be inflated.
 */
export function inflateValue(name: Uint8Array, value: Uint8Array, room: i32): Inflated | null {
  if (value.length < MIN_DIGITS) return null;
  const isBare = isOneOfWords(samlNames, name);
  const start = streamStart(value, isBare);
  if (start < 0) return null;
  const isGzip = looksLikeGzip(head);
  const coded = value.slice(start);
  const source = coded.subarray(0, decodeBase64At(coded, 0, coded.length, 0));
  const output = new InflateOutput(room);
  const isCut = isGzip ? inflateGzip(source, output, []) == InflateStatus.TooLarge : inflateTo(output, source, isBare);
  if (output.length == 0 && !isCut) return null;
  return new Inflated(output.copy(), <u8>(isGzip ? Decoding.Gzip : Decoding.Deflate), isCut);
}

/** Where the base64 begins whose first bytes, now in `head`, are those of a stream; -1: nowhere. `isBare`: it is one whatever they are. */
function streamStart(value: Uint8Array, isBare: bool): i32 {
  let start = unchecked(value[0]) == DOT ? 1 : 0;
  if (matchesAt(value, 0, DATA)) start = value.indexOf(COMMA) + 1;
  if (readHead(value, start) && (isBare || looksLikeGzip(head) || hasZlibHeader(head))) return start;
  const last = min(value.length - MIN_DIGITS, MOST_PREFIX);
  for (let at = start; at < last; at += 16) {
    for (let mask = prefixEndsAmong(value.dataStart + at); mask != 0; mask &= mask - 1) {
      const first = at + ctz(mask) + 1;
      if (readHead(value, first) && (looksLikeGzip(head) || hasZlibHeader(head))) return first;
    }
  }
  return -1;
}

/** A bit for each of sixteen bytes that is no letter or digit, where a digit follows with which a stream may begin. */
function prefixEndsAmong(data: usize): i32 {
  const bytes = v128.load(data);
  const letters = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const next = v128.load(data, 1);
  const firsts = v128.or(i8x16.eq(next, i8x16.splat(FIRST_OF_GZIP)), i8x16.eq(next, i8x16.splat(FIRST_OF_ZLIB)));
  return i8x16.bitmask(v128.andnot(firsts, v128.or(letters, digits)));
}

/** Decodes the first digits from `start` on into `head`; false: there are too few. */
function readHead(value: Uint8Array, start: i32): bool {
  if (value.length - start < MIN_DIGITS) return false;
  let digits = 0;
  for (let at = start; at < value.length && digits < HEAD_DIGITS; at++) {
    const byte = unchecked(value[at]);
    if (isAlphabetDigit(byte)) unchecked((head[digits++] = byte));
  }
  return digits == HEAD_DIGITS && decodeBase64At(head, 0, HEAD_DIGITS, 0) >= HEAD_DIGITS - 1;
}

/** Inflates bare DEFLATE where that is expected and gives anything, else zlib. True: it goes on beyond the output's limit. */
function inflateTo(output: InflateOutput, source: Uint8Array, isBare: bool): bool {
  if (isBare) {
    const status = inflate(new BitReader(source, 0), output);
    if (output.length > 0 || status == InflateStatus.TooLarge) return status == InflateStatus.TooLarge;
  }
  return hasZlibHeader(source) && inflate(new BitReader(source, HEADER_BYTES), output) == InflateStatus.TooLarge;
}
