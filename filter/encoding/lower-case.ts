/** The same bytes with ASCII letters in lower case. */
export function lowerCase(value: Uint8Array): Uint8Array {
  const lower = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const byte: u32 = unchecked(value[i]);
    unchecked((lower[i] = <u8>(byte - 0x41 < 26 ? byte | 0x20 : byte)));
  }
  return lower;
}
