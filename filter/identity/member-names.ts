import { equal } from "proxy-wasm-as/bytes";

/** Members of one object that are told apart; more is refused, so that unverified input costs little. */
const MAX_MEMBERS: i32 = 128;

/** Names of one JSON object, unescaped, to find duplicates (RFC 7515 section 4, RFC 7519 section 4). */
export class MemberNames {
  private readonly names: Uint8Array[] = [];
  private readonly hashes: StaticArray<u32> = new StaticArray<u32>(MAX_MEMBERS);

  /** false: the name was there already, or there are too many. */
  add(name: Uint8Array): bool {
    const count = this.names.length;
    if (count == MAX_MEMBERS) return false;
    const hash = hashOf(name);
    for (let i = 0; i < count; i++) {
      if (unchecked(this.hashes[i]) == hash && equal(unchecked(this.names[i]), name)) return false;
    }
    unchecked((this.hashes[count] = hash));
    this.names.push(name);
    return true;
  }
}

/** FNV-1a; names that collide on purpose are still compared in full. */
function hashOf(name: Uint8Array): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = (hash ^ unchecked(name[i])) * 0x01000193;
  return hash;
}
