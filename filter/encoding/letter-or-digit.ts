/** Of ASCII. */
export function isLetterOrDigit(byte: u8): bool {
  return <u32>(byte | 0x20) - 0x61 < 26 || <u32>byte - 0x30 < 10;
}
