import { SHA256_BLOCK_LENGTH, Sha256, sha256 } from "./sha256";

/** HMAC-SHA-256 (RFC 2104) of `text`: 32 bytes. */
export function hmacSha256(key: Uint8Array, text: Uint8Array): Uint8Array {
  const blockKey = key.length > SHA256_BLOCK_LENGTH ? sha256(key) : key;
  const inner = new Sha256().update(pad(blockKey, 0x36)).update(text).digest();
  return new Sha256().update(pad(blockKey, 0x5c)).update(inner).digest();
}

function pad(key: Uint8Array, value: u8): Uint8Array {
  const block = new Uint8Array(SHA256_BLOCK_LENGTH);
  block.fill(value);
  for (let i = 0; i < key.length; i++) unchecked((block[i] = key[i] ^ value));
  return block;
}
