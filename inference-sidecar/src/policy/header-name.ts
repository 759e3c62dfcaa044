const TOKEN = /^[a-z0-9!#$%&'*+.^`|~-]+$/;
/** Others are read for a dash by some servers, so that the client could send a second one. */
const LETTERS_DIGITS_DASHES = /^[a-z0-9-]+$/;

const RESERVED = new Set(
  `accept accept-encoding age authorization cache-control connection content-encoding content-length content-type cookie
  date expect forwarded host if-match if-none-match keep-alive origin proxy-authenticate proxy-authorization
  proxy-connection range referer set-cookie te trailer transfer-encoding upgrade user-agent via www-authenticate
  x-postern-decision x-request-id grpc-timeout traceparent tracestate`.split(/\s+/),
);
const RESERVED_PREFIXES = ["x-envoy-", "x-forwarded-", "sec-", ":"];

const SECRETS = new Set(["authorization", "proxy-authorization", "cookie", "dpop"]);
/**
 * Fields that the filter does not see as the client sent them: Envoy takes them away or writes them itself, and makes
 * `:authority` of `host`, for which routes ask by `match.hosts`.
 */
const NOT_AS_SENT = new Set(
  `connection host keep-alive proxy-connection transfer-encoding x-envoy-internal x-forwarded-client-cert
  x-forwarded-proto x-request-id`.split(/\s+/),
);

/**
 * Why a grant can't ask for a header of this name (lower case); null: it can. `stripped`: headers that no client may send.
 * What is secret is checked as such, never by a list of values.
 */
export function refuseGrantHeader(name: string, stripped: readonly string[]): "header_name" | "header_reserved" | null {
  if (SECRETS.has(name) || NOT_AS_SENT.has(name) || stripped.includes(name) || name.startsWith("x-postern-"))
    return "header_reserved";
  return TOKEN.test(name) ? null : "header_name";
}

/** Why identity can't be given in a header of this name (lower case); null: it can. */
export function refuseIdentityHeader(name: string): "header_name" | "header_reserved" | null {
  const reading = readingOf(name);
  if (RESERVED.has(reading) || RESERVED_PREFIXES.some((prefix) => reading.startsWith(prefix))) return "header_reserved";
  return LETTERS_DIGITS_DASHES.test(name) ? null : "header_name";
}

/** Why no API key can come in a header of this name (lower case); null: one can. Clients have chosen it: it may have `_`. */
export function refuseKeyHeader(name: string): "header_name" | "header_reserved" | null {
  const reading = readingOf(name);
  if (reading === "dpop" || reading.startsWith("x-postern-")) return "header_reserved";
  return refuseIdentityHeader(name.replaceAll("_", "-"));
}

/** Whether the gate takes one name for the other, as some upstreams do: all signs are one. */
export function readsLike(name: string, other: string): boolean {
  return readingOf(name) === readingOf(other);
}

function readingOf(name: string): string {
  return name.replace(/[^a-z0-9:]/g, "-");
}
