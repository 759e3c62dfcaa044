import { bytes, equal } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "./plain-name";

/** How a request header is looked at. */
export const enum HeaderTreatment {
  /** Judged elsewhere, or taken off the request. */
  Ignored,
  /** Has a grammar of its own (and is often a credential or an identifier): a value only where it breaks it. */
  FixedGrammar,
  Path,
  Cookies,
  Referer,
  /** Free text, or known to the application alone: always a value. */
  FreeText,
}

const ignored = list(":method :scheme :protocol content-length transfer-encoding");
const ignoredPrefixes = list("x-postern-");
const fixedGrammar = list(
  ":authority host accept authorization b3 cache-control connection date device-memory dnt downlink dpr early-data ect etag " +
    "expect forwarded from http2-settings keep-alive max-forwards origin pragma priority purpose range rtt save-data te " +
    "traceparent tracestate trailer upgrade upgrade-insecure-requests via viewport-width warning width x-amzn-trace-id " +
    "x-client-trace-id x-cloud-trace-context x-correlation-id x-real-ip x-request-id x-requested-with",
);
const fixedGrammarPrefixes = list(
  "accept- access-control- content- grpc- if- proxy- sec- x-b3- x-datadog- x-envoy- x-forwarded- x-ot-",
);
const PATH = bytes(":path");
const COOKIE = bytes("cookie");
const REFERER = bytes("referer");
const SEC = bytes("sec-");
const VIA = bytes("via");

export function treatmentOf(name: Uint8Array): HeaderTreatment {
  if (equal(name, PATH)) return HeaderTreatment.Path;
  if (equal(name, COOKIE)) return HeaderTreatment.Cookies;
  if (equal(name, REFERER)) return HeaderTreatment.Referer;
  if (isOneOf(ignored, name) || beginsWithOneOf(ignoredPrefixes, name)) return HeaderTreatment.Ignored;
  const fixed = isOneOf(fixedGrammar, name) || beginsWithOneOf(fixedGrammarPrefixes, name);
  return fixed ? HeaderTreatment.FixedGrammar : HeaderTreatment.FreeText;
}

/**
 * Whether a header of fixed grammar holds what none of these grammars needs: a byte outside letters, digits and the
 * punctuation below, or two dots in a row. Parentheses are at home in `via` and in browsers' `sec-ch-ua`.
 */
export function breaksGrammar(name: Uint8Array, value: Uint8Array): bool {
  const parentheses = equal(name, VIA) || beginsWith(name, SEC);
  let previous: u8 = 0;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    const known =
      isLetterOrDigit(byte) || isGrammarPunctuation(byte) || (parentheses && (byte == 0x28 || byte == 0x29));
    if (!known || (byte == 0x2e && previous == 0x2e)) return true;
    previous = byte;
  }
  return false;
}

/** Space and `! " % & * + , - . / : ; = ? @ [ ] _ ~`. */
function isGrammarPunctuation(byte: u8): bool {
  if (byte < 0x20 || byte > 0x7e) return false;
  if (byte < 0x40) return ((PUNCTUATION_BELOW_LETTERS >> (byte - 0x20)) & 1) != 0;
  return byte == 0x40 || byte == 0x5b || byte == 0x5d || byte == 0x5f || byte == 0x7e;
}

/** Bit n: the byte 0x20 + n. */
const PUNCTUATION_BELOW_LETTERS: u32 = maskOf(' !"%&*+,-./:;=?');

function maskOf(characters: string): u32 {
  let mask: u32 = 0;
  for (let i = 0; i < characters.length; i++) mask |= (<u32>1) << (characters.charCodeAt(i) - 0x20);
  return mask;
}

function list(names: string): Uint8Array[] {
  const words = names.split(" ");
  const result: Uint8Array[] = [];
  for (let i = 0; i < words.length; i++) result.push(bytes(words[i]));
  return result;
}

function isOneOf(names: Uint8Array[], name: Uint8Array): bool {
  for (let i = 0; i < names.length; i++) {
    if (equal(unchecked(names[i]), name)) return true;
  }
  return false;
}

function beginsWithOneOf(prefixes: Uint8Array[], name: Uint8Array): bool {
  for (let i = 0; i < prefixes.length; i++) {
    if (beginsWith(name, unchecked(prefixes[i]))) return true;
  }
  return false;
}

function beginsWith(name: Uint8Array, prefix: Uint8Array): bool {
  return name.length >= prefix.length && memory.compare(name.dataStart, prefix.dataStart, prefix.length) == 0;
}
