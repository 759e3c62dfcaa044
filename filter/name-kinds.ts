import { areSame } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";

/** A power of two. */
const PLACES = 128;
/** A longer name is looked at each time. */
const MAX_KEPT_BYTES = 64;
const EMPTY = new Uint8Array(0);

/**
 * What a stage makes of a field by its name alone, remembered for the names that were met last: most requests bring the
 * same ones. Each name has one place, which another may take from it: memory is bounded, whatever clients send.
 */
export abstract class NameKinds {
  private readonly names: StaticArray<Uint8Array> = new StaticArray<Uint8Array>(PLACES).fill(EMPTY);
  private readonly kinds: StaticArray<u32> = new StaticArray<u32>(PLACES);

  /** Depends on the name alone. */
  protected abstract kindOf(name: Uint8Array): u32;

  of(headers: HeaderMap, index: i32): u32 {
    const address = headers.nameAddress(index);
    const size = headers.nameSize(index);
    const place = hashOf(address, size) & (PLACES - 1);
    const kept = unchecked(this.names[place]);
    if (size > 0 && kept.length == size && areSame(kept.dataStart, address, size)) return unchecked(this.kinds[place]);
    const name = headers.name(index);
    const kind = this.kindOf(name);
    if (size <= MAX_KEPT_BYTES) {
      unchecked((this.names[place] = name.slice()));
      unchecked((this.kinds[place] = kind));
    }
    return kind;
  }
}

/** Of a longer name its length and both ends: enough to tell those that requests have. */
function hashOf(address: usize, size: i32): u32 {
  if (size >= 8) {
    const ends = load<u64>(address) ^ rotl<u64>(load<u64>(address + size - 8), 23);
    return ((<u32>ends ^ <u32>(ends >> 32) ^ size) * 0x9e3779b1) >> 16;
  }
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < size; i++) hash = (hash ^ load<u8>(address + i)) * 0x01000193;
  return hash ^ (hash >> 16);
}
