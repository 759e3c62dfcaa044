/** UTF-8 of a literal. Call it at start-up and keep the result: it allocates. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function beginsWith(text: Uint8Array, prefix: Uint8Array): bool {
  const length = prefix.length;
  return text.length >= length && memory.compare(text.dataStart, prefix.dataStart, length) == 0;
}

/** Whether two byte strings are the same. Not in constant time. */
export function equal(a: Uint8Array, b: Uint8Array): bool {
  const length = a.length;
  return length == b.length && memory.compare(a.dataStart, b.dataStart, length) == 0;
}
