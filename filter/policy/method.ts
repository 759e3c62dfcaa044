/** Method names in the order of their bits: RFC 9110 section 9.3, RFC 5789. */
const METHODS: StaticArray<Uint8Array> = [
  name("GET"),
  name("HEAD"),
  name("POST"),
  name("PUT"),
  name("PATCH"),
  name("DELETE"),
  name("OPTIONS"),
  name("CONNECT"),
  name("TRACE"),
];

/** The method's bit in a route's set; 0 for any other method, which no route allows. */
export function methodBit(method: Uint8Array): u32 {
  for (let i = 0; i < METHODS.length; i++) {
    const known = unchecked(METHODS[i]);
    if (known.length != method.length) continue;
    if (memory.compare(known.dataStart, method.dataStart, known.length) == 0) return 1 << i;
  }
  return 0;
}

function name(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}
