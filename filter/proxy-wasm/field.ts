/** Whether bytes can stand in a header's name or value without ending it: no NUL, CR or LF (RFC 9110 section 5.5). */
export function isFieldSafe(bytes: Uint8Array): bool {
  for (let index = 0, length = bytes.length; index < length; index++) {
    const byte = unchecked(bytes[index]);
    if (byte == 0 || byte == 0x0a || byte == 0x0d) return false;
  }
  return true;
}
