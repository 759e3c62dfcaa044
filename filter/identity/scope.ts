/**
 * Adds the scopes of a space-separated list (RFC 6749 section 3.3) to `out`; false: a character that no scope may have.
 * Identity is given on in headers, so this also keeps control characters out of them.
 */
export function splitScopes(text: Uint8Array, out: Uint8Array[]): bool {
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && unchecked(text[i]) != 0x20) continue;
    if (i > start) {
      const scope = text.subarray(start, i);
      if (!isScope(scope)) return false;
      out.push(scope);
    }
    start = i + 1;
  }
  return true;
}

/** Whether `text` is one scope-token: printable ASCII without space, quote and backslash. */
export function isScope(text: Uint8Array): bool {
  for (let i = 0; i < text.length; i++) {
    const byte = unchecked(text[i]);
    if (byte <= 0x20 || byte >= 0x7f || byte == 0x22 || byte == 0x5c) return false;
  }
  return text.length > 0;
}
