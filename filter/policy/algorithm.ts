import { bytes, equal } from "proxy-wasm-as/bytes";

/** Signature algorithms of JWS (RFC 7518 section 3.1, RFC 8037 section 3.1): bits of a set, as the compiled policy has them. */
export const ALGORITHM_RS256: u32 = 1;
export const ALGORITHM_ES256: u32 = 2;
export const ALGORITHM_HS256: u32 = 4;
const ALGORITHM_RS384: u32 = 8;
const ALGORITHM_RS512: u32 = 16;
const ALGORITHM_ES384: u32 = 32;
const ALGORITHM_ES512: u32 = 64;
const ALGORITHM_EDDSA: u32 = 1024;
/** All of them. */
export const ALGORITHMS_ALL: u32 = 2047;
/** Those that a public key can be for. */
export const ALGORITHMS_PUBLIC: u32 = ALGORITHMS_ALL & ~ALGORITHM_HS256;

/** In the order of the bits. */
const NAMES: StaticArray<Uint8Array> = [
  bytes("RS256"),
  bytes("ES256"),
  bytes("HS256"),
  bytes("RS384"),
  bytes("RS512"),
  bytes("ES384"),
  bytes("ES512"),
  bytes("PS256"),
  bytes("PS384"),
  bytes("PS512"),
  bytes("EdDSA"),
];
/** The newer name of EdDSA over this curve (RFC 9864 section 2.2). */
const ED25519 = bytes("Ed25519");
const SHA256 = bytes("sha256");
const SHA384 = bytes("sha384");
const SHA512 = bytes("sha512");
const NONE = new Uint8Array(0);

/** The bit of an algorithm's name, compared exactly; 0: `none`, or one that is not implemented. */
export function algorithmOf(name: Uint8Array): u32 {
  for (let i = 0; i < NAMES.length; i++) if (equal(unchecked(NAMES[i]), name)) return 1 << i;
  return equal(name, ED25519) ? ALGORITHM_EDDSA : 0;
}

/** The name of the algorithm of a single bit. */
export function algorithmName(algorithm: u32): Uint8Array {
  return NAMES[ctz(algorithm)];
}

/** Name of the SHA-2 hash of RSA PKCS #1 v1.5 or ECDSA; empty: another kind of signature. */
export function hashName(algorithm: u32): Uint8Array {
  if ((algorithm & (ALGORITHM_RS256 | ALGORITHM_ES256)) != 0) return SHA256;
  if ((algorithm & (ALGORITHM_RS384 | ALGORITHM_ES384)) != 0) return SHA384;
  return (algorithm & (ALGORITHM_RS512 | ALGORITHM_ES512)) != 0 ? SHA512 : NONE;
}

/** Bytes of r and of s in an ECDSA signature (RFC 7518 section 3.4); 0: another kind of signature. */
export function scalarBytes(algorithm: u32): i32 {
  if (algorithm == ALGORITHM_ES256) return 32;
  if (algorithm == ALGORITHM_ES384) return 48;
  return algorithm == ALGORITHM_ES512 ? 66 : 0;
}
