import { compressBlock } from "./sha256-block";

export const SHA256_BLOCK_LENGTH: i32 = 64;
const SHA256_DIGEST_LENGTH: i32 = 32;

/** SHA-256 of `data` (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return new Sha256().update(data).digest();
}

/** Incremental SHA-256. */
export class Sha256 {
  private readonly state: StaticArray<u32> = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ];
  private readonly pending: Uint8Array = new Uint8Array(SHA256_BLOCK_LENGTH);
  private pendingLength: i32 = 0;
  private totalLength: u64 = 0;

  update(data: Uint8Array): this {
    this.totalLength += data.length;
    let at = 0;
    if (this.pendingLength > 0) {
      at = min(SHA256_BLOCK_LENGTH - this.pendingLength, data.length);
      memory.copy(this.pending.dataStart + this.pendingLength, data.dataStart, at);
      this.pendingLength += at;
      if (this.pendingLength < SHA256_BLOCK_LENGTH) return this;
      compressBlock(this.state, this.pending.dataStart);
      this.pendingLength = 0;
    }
    for (; data.length - at >= SHA256_BLOCK_LENGTH; at += SHA256_BLOCK_LENGTH) {
      compressBlock(this.state, data.dataStart + at);
    }
    this.pendingLength = data.length - at;
    memory.copy(this.pending.dataStart, data.dataStart + at, this.pendingLength);
    return this;
  }

  /** 32 bytes; the object must not be used afterwards. */
  digest(): Uint8Array {
    const block = this.pending.dataStart;
    store<u8>(block + this.pendingLength, 0x80);
    memory.fill(block + this.pendingLength + 1, 0, SHA256_BLOCK_LENGTH - 1 - this.pendingLength);
    // The length in bits takes the last 8 bytes; after byte 55 there is no room for it in this block.
    if (this.pendingLength > 55) {
      compressBlock(this.state, block);
      memory.fill(block, 0, SHA256_BLOCK_LENGTH);
    }
    store<u64>(block + 56, bswap<u64>(this.totalLength << 3));
    compressBlock(this.state, block);
    const digest = new Uint8Array(SHA256_DIGEST_LENGTH);
    for (let i = 0; i < 8; i++) store<u32>(digest.dataStart + (i << 2), bswap<u32>(unchecked(this.state[i])));
    return digest;
  }
}
