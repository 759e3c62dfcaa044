/** Whether two byte strings are the same, in a time that depends on their lengths only. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): bool {
  const length = a.length;
  if (length != b.length) return false;
  const one = a.dataStart;
  const other = b.dataStart;
  let chunks = i8x16.splat(0);
  let at = 0;
  for (; at + 16 <= length; at += 16) chunks = v128.or(chunks, v128.xor(v128.load(one + at), v128.load(other + at)));
  let difference = 0;
  for (; at < length; at++) difference |= load<u8>(one + at) ^ load<u8>(other + at);
  return (i32(v128.any_true(chunks)) | difference) == 0;
}
