/** UTF-8 of a literal. Call it at start-up and keep the result: it allocates. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function beginsWith(text: Uint8Array, prefix: Uint8Array): bool {
  const length = prefix.length;
  return text.length >= length && areSame(text.dataStart, prefix.dataStart, length);
}

/** Whether two byte strings are the same. Not in constant time. */
export function equal(a: Uint8Array, b: Uint8Array): bool {
  const length = a.length;
  return length == b.length && areSame(a.dataStart, b.dataStart, length);
}

/**
 * Whether `size` bytes at two addresses are the same, eight at a time: `memory.compare` looks at each by itself where the
 * addresses do not lie alike. Not in constant time.
 */
export function areSame(a: usize, b: usize, size: i32): bool {
  if (size < 8) {
    for (let at = 0; at < size; at++) if (load<u8>(a + at) != load<u8>(b + at)) return false;
    return true;
  }
  const last = size - 8;
  for (let at = 0; at < last; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false;
  return load<u64>(a + last) == load<u64>(b + last);
}
