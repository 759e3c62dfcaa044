export type HeaderPair = readonly [name: string, value: string | Uint8Array];

/** Header pairs as the host serializes them (Proxy-Wasm ABI 0.2.1). */
export function serializePairs(headers: readonly HeaderPair[]): Buffer {
  const pairs = headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value as string)] as const);
  const lengths = Buffer.alloc(4 + pairs.length * 8);
  lengths.writeUInt32LE(pairs.length, 0);
  for (const [index, [name, value]] of pairs.entries()) {
    lengths.writeUInt32LE(name.length, 4 + index * 8);
    lengths.writeUInt32LE(value.length, 8 + index * 8);
  }
  const nul = Buffer.alloc(1);
  return Buffer.concat([lengths, ...pairs.flatMap(([name, value]) => [name, nul, value, nul])]);
}
