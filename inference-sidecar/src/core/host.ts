import { createPublicKey, type KeyObject, verify } from "node:crypto";

/** Keys are few: those of the policies in use. */
const KEYS_MOST = 256;
const keys = new Map<string, KeyObject | null>();

/**
 * What Envoy's `verify_signature` (BoringSSL) says: RSA PKCS #1 v1.5, or ECDSA over P-256 with a DER signature, with
 * SHA-256. False for everything else; `spki` is a DER SubjectPublicKeyInfo.
 */
export function verifySignature(hashBits: number, spki: Buffer, signature: Buffer, text: Buffer): boolean {
  const key = hashBits === 256 ? publicKey(spki) : null;
  return key !== null && verify("sha256", text, key, signature);
}

function publicKey(spki: Buffer): KeyObject | null {
  const name = spki.toString("latin1");
  let key = keys.get(name);
  if (key === undefined) {
    key = readKey(Buffer.from(spki));
    if (keys.size === KEYS_MOST) keys.clear();
    keys.set(name, key);
  }
  return key;
}

function readKey(spki: Buffer): KeyObject | null {
  try {
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    const { namedCurve } = key.asymmetricKeyDetails ?? {};
    return key.asymmetricKeyType === "rsa" || namedCurve === "prime256v1" ? key : null;
  } catch {
    return null;
  }
}
