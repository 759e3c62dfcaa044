/** Whether two byte strings are the same, in a time that depends on their lengths only. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): bool {
  const length = a.length;
  if (length != b.length) return false;
  let difference: u64 = 0;
  let at = 0;
  for (; length - at >= 8; at += 8) difference |= load<u64>(a.dataStart + at) ^ load<u64>(b.dataStart + at);
  for (; at < length; at++) difference |= unchecked(a[at] ^ b[at]);
  return difference == 0;
}
