/** Whether a text holds a byte: sixteen are looked at at once. */
export function holdsByte(text: Uint8Array, byte: u8): bool {
  const data = text.dataStart;
  const length = text.length;
  const wanted = i8x16.splat(byte);
  let at = 0;
  for (; at + 16 <= length; at += 16) if (v128.any_true(i8x16.eq(v128.load(data + at), wanted))) return true;
  for (; at < length; at++) if (load<u8>(data + at) == byte) return true;
  return false;
}
