import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { canonical } from "./chain.ts";
import { loadKeyFile } from "./key-file.ts";

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** Signs the heads of the decision log. */
export interface SigningKey {
  /** SHA-256 of the public key (SPKI, DER), in hexadecimal. */
  readonly id: string;
  /** Id of the key before it, which was lost or replaced since the last start; null: it is the same, or the first. */
  readonly replaces: string | null;
  /** The object with a member `signature`: Ed25519 (RFC 8032) over its canonical JSON, base64url. */
  sign<T extends object>(unsigned: T): T & { signature: string };
}

/**
 * The key in `keys/log.key`, which the first start makes; its public half lies beside it in `log.pub` (PEM). Where that is
 * of another key, since `log.key` was lost or replaced, it is kept in `log.former.pub`: what was signed with it stays known.
 */
export async function loadSigningKey(stateDirectory: string): Promise<SigningKey> {
  const seed = await loadKeyFile(stateDirectory, "log.key");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key);
  const path = publicKeyPath(stateDirectory);
  const pem = pemOf(publicKey);
  const standing = await readFile(path, "utf8").catch(() => "");
  const before = publicKeys(standing).find((known) => !known.equals(publicKey)) ?? null;
  if (before !== null) await keepFormer(stateDirectory, before);
  if (standing !== pem) await writeDurably(path, pem);
  return {
    id: keyId(publicKey),
    replaces: before === null ? null : keyId(before),
    sign: (unsigned) => ({
      ...unsigned,
      signature: sign(null, Buffer.from(canonical(unsigned)), key).toString("base64url"),
    }),
  };
}

export function publicKeyPath(stateDirectory: string): string {
  return join(stateDirectory, "keys", "log.pub");
}

/** Public keys, one PEM block after the other, that signed before the one in `log.pub`. */
export function formerKeysPath(stateDirectory: string): string {
  return join(stateDirectory, "keys", "log.former.pub");
}

/** The keys of all PEM blocks of the text, in its order; none of a text that has something else in one. */
export function publicKeys(text: string): KeyObject[] {
  try {
    return (text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []).map((block) => createPublicKey(block));
  } catch {
    return [];
  }
}

async function keepFormer(stateDirectory: string, key: KeyObject): Promise<void> {
  const path = formerKeysPath(stateDirectory);
  const known = publicKeys(await readFile(path, "utf8").catch(() => ""));
  // A crash between the two files leaves it here and in `log.pub`.
  if (known.some((other) => other.equals(key))) return;
  await writeDurably(path, [...known, key].map(pemOf).join(""));
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** The id of the public half. @throws Error there is none yet */
export async function readKeyId(stateDirectory: string): Promise<string> {
  return keyId(createPublicKey(await readFile(publicKeyPath(stateDirectory), "utf8")));
}

export function keyId(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** Whether the object carries this key's signature over the rest of it. */
export function hasSignature(signed: { readonly signature?: unknown }, publicKey: KeyObject): boolean {
  const { signature, ...unsigned } = signed;
  if (typeof signature !== "string") return false;
  return verify(null, Buffer.from(canonical(unsigned)), publicKey, Buffer.from(signature, "base64url"));
}
