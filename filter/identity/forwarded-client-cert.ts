const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const COMMA: u32 = 0x2c;
const SEMICOLON: u32 = 0x3b;
const EQUALS: u32 = 0x3d;
const NONE = new Uint8Array(0);

/**
 * The URI of the last element of an `x-forwarded-client-cert` value: the certificate of the client of the nearest proxy.
 * Elements are separated by `,`, their `key=value` pairs by `;`; values may be quoted, with `\` escapes. A view, escapes
 * not resolved: a SPIFFE id has none. Empty: the element has not exactly one URI. null: anything in the value is malformed;
 * a proxy may have appended its element to what its client sent, so that where it begins can't be told.
 */
export function lastForwardedUri(value: Uint8Array): Uint8Array | null {
  let uri = NONE;
  let uris = 0;
  let at = 0;
  while (true) {
    const key = at;
    while (at < value.length && isKeyByte(unchecked(value[at]))) at += 1;
    if (at == key || at >= value.length || unchecked(value[at]) != EQUALS) return null;
    const isUri = isUriKey(value, key, at);
    const start = at + 1;
    at = valueEnd(value, start);
    if (at < 0) return null;
    if (isUri) {
      const quoted = start < at && unchecked(value[start]) == QUOTE;
      uri = quoted ? value.subarray(start + 1, at - 1) : value.subarray(start, at);
      uris += 1;
    }
    if (at == value.length) return uris == 1 ? uri : NONE;
    if (unchecked(value[at]) == COMMA) uris = 0;
    at += 1;
  }
}

/** Position of the `,`, `;` or end after a value; -1: it is malformed. */
function valueEnd(value: Uint8Array, start: i32): i32 {
  let at = start;
  const quoted = at < value.length && unchecked(value[at]) == QUOTE;
  if (quoted) {
    at += 1;
    while (at < value.length && unchecked(value[at]) != QUOTE) at += unchecked(value[at]) == BACKSLASH ? 2 : 1;
    if (at >= value.length) return -1;
    at += 1;
    return at == value.length || isSeparator(unchecked(value[at])) ? at : -1;
  }
  while (at < value.length && !isSeparator(unchecked(value[at]))) {
    const byte: u32 = unchecked(value[at]);
    if (byte == QUOTE || byte == EQUALS || byte <= 0x20 || byte == 0x7f) return -1;
    at += 1;
  }
  return at;
}

function isSeparator(byte: u32): bool {
  return byte == COMMA || byte == SEMICOLON;
}

function isKeyByte(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26;
}

function isUriKey(value: Uint8Array, start: i32, end: i32): bool {
  return (
    end - start == 3 &&
    (unchecked(value[start]) | 0x20) == 0x75 &&
    (unchecked(value[start + 1]) | 0x20) == 0x72 &&
    (unchecked(value[start + 2]) | 0x20) == 0x69
  );
}
