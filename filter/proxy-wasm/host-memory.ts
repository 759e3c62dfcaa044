import { noteAllocation } from "./collection";

/** Larger than anything a host gives a filter; a request beyond it is refused with 0, as the ABI has it. */
const LARGEST_GRANT: u32 = 256 << 20;

/** The block granted last: the host fills it at once and hands its address back. */
let lastGrant: ArrayBuffer | null = null;

/** Where the host writes a data address, a size and one more number. Read before the next call of the host. */
export const returnData: usize = memory.data(16, 8);
export const returnSize: usize = returnData + 4;
export const returnNumber: usize = returnData + 8;

/**
 * Exported: memory for what the host returns. The block is a buffer of the garbage collector, so the host's bytes
 * become a `Uint8Array` without a copy; it lives as long as that is referred to.
 */
export function proxy_on_memory_allocate(size: u32): usize {
  if (size > LARGEST_GRANT) return 0;
  noteAllocation(size);
  const grant = new ArrayBuffer(size);
  lastGrant = grant;
  return changetype<usize>(grant);
}

/** Clears what the host will write to, so that a call that fails is seen to have returned nothing. */
export function clearReturned(): void {
  store<u64>(returnData, 0);
  store<u64>(returnData, 0, 8);
}

/** The bytes at `returnData`/`returnSize`. */
export function takeReturned(): Uint8Array {
  const address = <usize>load<u32>(returnData);
  const size = load<u32>(returnSize);
  const grant = lastGrant;
  lastGrant = null;
  if (address == 0 || size == 0) return new Uint8Array(0);
  if (grant != null && changetype<usize>(grant) == address && size <= <u32>grant.byteLength) {
    return Uint8Array.wrap(grant, 0, size);
  }
  // Not the block granted last: a host may keep several, or one of its own. Within memory, it is copied.
  if (<u64>address + size > (<u64>memory.size()) << 16) return new Uint8Array(0);
  const copy = new Uint8Array(size);
  memory.copy(copy.dataStart, address, size);
  return copy;
}
