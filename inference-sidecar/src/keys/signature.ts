import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { PublicKeyAlgorithm } from "../policy/algorithms.ts";

/** Keys are few: those of the policies in use. */
const KEYS_MOST = 256;
const keys = new Map<string, KeyObject | null>();

/** Types of keys as `node:crypto` names them. */
const KEY_TYPES = { RS: "rsa", PS: "rsa", ES: "ec", Ed: "ed25519" } as const;
const CURVES: Record<string, string> = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };

/**
 * Whether a signature is good: RFC 7518 sections 3.3 to 3.5 and RFC 8037 section 3.1, but an ECDSA signature is in DER.
 * False for whatever is not, a key of another kind included. `spki`: a DER SubjectPublicKeyInfo.
 */
export function verifySignature(algorithm: PublicKeyAlgorithm, spki: Buffer, signature: Buffer, text: Buffer): boolean {
  const key = publicKey(spki);
  const family = algorithm.slice(0, 2) as keyof typeof KEY_TYPES;
  if (key === null || key.asymmetricKeyType !== KEY_TYPES[family]) return false;
  if (family === "ES" && key.asymmetricKeyDetails?.namedCurve !== CURVES[algorithm]) return false;
  if (family === "Ed") return verify(null, text, key, signature);
  const hash = `sha${algorithm.slice(2)}`;
  if (family !== "PS") return verify(hash, text, key, signature);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return verify(hash, text, { key, padding, saltLength }, signature);
}

function publicKey(spki: Buffer): KeyObject | null {
  const name = spki.toString("latin1");
  let key = keys.get(name);
  if (key === undefined) {
    key = readKey(spki);
    if (keys.size === KEYS_MOST) keys.clear();
    keys.set(name, key);
  }
  return key;
}

function readKey(spki: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
