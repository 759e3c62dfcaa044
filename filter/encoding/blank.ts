/** Of the optional whitespace of RFC 9110, section 5.6.3. */
export function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09;
}

/** A view of the range without the blanks around it. */
export function trimmed(text: Uint8Array, start: i32, end: i32): Uint8Array {
  while (start < end && isBlank(unchecked(text[start]))) start += 1;
  while (end > start && isBlank(unchecked(text[end - 1]))) end -= 1;
  return text.subarray(start, end);
}
