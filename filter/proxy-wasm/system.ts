import { clearReturned, returnNumber, returnSize } from "./host-memory";
import { environ_get, environ_sizes_get, random_get } from "./wasi_snapshot_preview1";

const EQUALS_SIGN: u8 = 0x3d;

/** Fills `bytes` with cryptographically strong random bytes; false: the host has none, and they are as they were. */
export function fillRandom(bytes: Uint8Array): bool {
  return random_get(bytes.dataStart, bytes.length) == 0;
}

/** The value of an environment variable that the plugin's configuration gives to the VM; null: there is none. */
export function environmentVariable(name: Uint8Array): Uint8Array | null {
  clearReturned();
  if (environ_sizes_get(returnNumber, returnSize) != 0) return null;
  const count = load<u32>(returnNumber);
  const size = load<u32>(returnSize);
  if (count == 0 || count > size) return null;
  const pointers = new StaticArray<u32>(count);
  const variables = new Uint8Array(size);
  if (environ_get(changetype<usize>(pointers), variables.dataStart) != 0) return null;
  // `NAME=value` and a NUL, one after the other.
  for (let start = 0; start < variables.length; ) {
    const end = variables.indexOf(0, start);
    if (end < 0) return null;
    const split = start + name.length;
    if (split < end && unchecked(variables[split]) == EQUALS_SIGN) {
      if (memory.compare(variables.dataStart + start, name.dataStart, name.length) == 0) {
        return variables.slice(split + 1, end);
      }
    }
    start = end + 1;
  }
  return null;
}
