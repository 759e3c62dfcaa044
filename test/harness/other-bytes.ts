/** A module of other bytes and the same code: with a custom section (WebAssembly core specification, 5.5.3) that has a name only. */
export function otherBytes(module: Buffer): Buffer {
  return Buffer.concat([module, Buffer.from([0, 2, 1, 0x78])]);
}
