import { beginsWith, bytes, equal } from "proxy-wasm-as/bytes";

/** How a request header is looked at. */
export const enum HeaderTreatment {
  /** Judged elsewhere, or taken off the request. */
  Ignored,
  /** Has a grammar of its own (and is often a credential or an identifier): a value only where it breaks it. */
  FixedGrammar,
  /** A scheme, and a credential that is a value only where it breaks the scheme's grammar. */
  Credentials,
  Path,
  Cookies,
  Referer,
  /** Free text, or known to the application alone: always a value. */
  FreeText,
}

/** Of a header of `FixedGrammar`. */
export const enum Grammar {
  Tokens,
  Addresses,
  Hosts,
  Date,
  EntityTags,
  Number,
  Origin,
  Mailbox,
  Range,
  Via,
  ClientCertificate,
  ClientHint,
  Brands,
  SecToken,
}

const ignored = list(":method :scheme :protocol content-length transfer-encoding");
const ignoredPrefixes = list("x-postern-");
const fixedGrammar = list(
  ":authority host accept b3 cache-control connection date device-memory dnt downlink dpr early-data ect etag " +
    "expect forwarded from http2-settings keep-alive max-forwards origin pragma priority purpose range rtt save-data te " +
    "traceparent tracestate trailer upgrade upgrade-insecure-requests via viewport-width width x-amzn-trace-id " +
    "x-client-trace-id x-cloud-trace-context x-correlation-id x-real-ip x-request-id x-requested-with",
);
const fixedGrammarPrefixes = list(
  "accept- access-control- content- grpc- if- proxy- sec- x-b3- x-datadog- x-envoy- x-forwarded- x-ot-",
);
const PATH = bytes(":path");
const COOKIE = bytes("cookie");
const REFERER = bytes("referer");
const credentials = list("authorization proxy-authorization");
const addresses = list("x-forwarded-for x-real-ip x-envoy-external-address");
const hosts = list(":authority host x-forwarded-host x-forwarded-server");
const dates = list("date if-modified-since if-unmodified-since");
const entityTags = list("etag if-match if-none-match if-range");
const numbers = list("device-memory dnt downlink dpr max-forwards rtt upgrade-insecure-requests viewport-width width");
const ORIGIN = bytes("origin");
const FROM = bytes("from");
const RANGE = bytes("range");
const CONTENT_RANGE = bytes("content-range");
const CLIENT_CERTIFICATE = bytes("x-forwarded-client-cert");
const brands = list("sec-ch-ua sec-ch-ua-full-version-list");
const CLIENT_HINT = bytes("sec-ch-ua-");
const SEC = bytes("sec-");
const VIA = bytes("via");

export function treatmentOf(name: Uint8Array): HeaderTreatment {
  if (equal(name, PATH)) return HeaderTreatment.Path;
  if (equal(name, COOKIE)) return HeaderTreatment.Cookies;
  if (equal(name, REFERER)) return HeaderTreatment.Referer;
  if (isOneOf(credentials, name)) return HeaderTreatment.Credentials;
  if (isOneOf(ignored, name) || beginsWithOneOf(ignoredPrefixes, name)) return HeaderTreatment.Ignored;
  const fixed = isOneOf(fixedGrammar, name) || beginsWithOneOf(fixedGrammarPrefixes, name);
  return fixed ? HeaderTreatment.FixedGrammar : HeaderTreatment.FreeText;
}

export function grammarOf(name: Uint8Array): Grammar {
  if (isOneOf(addresses, name)) return Grammar.Addresses;
  if (isOneOf(hosts, name)) return Grammar.Hosts;
  if (isOneOf(dates, name)) return Grammar.Date;
  if (isOneOf(entityTags, name)) return Grammar.EntityTags;
  if (isOneOf(numbers, name)) return Grammar.Number;
  if (equal(name, ORIGIN)) return Grammar.Origin;
  if (equal(name, FROM)) return Grammar.Mailbox;
  if (equal(name, RANGE) || equal(name, CONTENT_RANGE)) return Grammar.Range;
  if (equal(name, VIA)) return Grammar.Via;
  if (equal(name, CLIENT_CERTIFICATE)) return Grammar.ClientCertificate;
  if (isOneOf(brands, name)) return Grammar.Brands;
  if (beginsWith(name, CLIENT_HINT)) return Grammar.ClientHint;
  return beginsWith(name, SEC) ? Grammar.SecToken : Grammar.Tokens;
}

function list(names: string): Uint8Array[] {
  const words = names.split(" ");
  const result: Uint8Array[] = [];
  for (let i = 0; i < words.length; i++) result.push(bytes(words[i]));
  return result;
}

export function isOneOf(names: Uint8Array[], name: Uint8Array): bool {
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
