import { createHmac } from "node:crypto";
import { loadKeyFile } from "./key-file.ts";

const PSEUDONYM_BYTES = 16;
/** Subjects whose pseudonyms are remembered; all are forgotten when there are more. */
const REMEMBERED_MOST = 4096;

/** A subject as the log knows it: 32 hexadecimal digits, the same for the same issuer and `sub`, useless without the key. */
export type Pseudonym = (issuer: string, subject: Uint8Array) => string;

/** HMAC-SHA-256 (RFC 2104) under the key in `keys/pseudonym.key`, which the first start makes. */
export async function loadPseudonym(stateDirectory: string): Promise<Pseudonym> {
  const key = await loadKeyFile(stateDirectory, "pseudonym.key");
  const remembered = new Map<string, string>();
  return (issuer, subject) => {
    const name = `${issuer}\0${Buffer.from(subject).toString("latin1")}`;
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const digest = createHmac("sha256", key).update(`${issuer}\0`).update(subject).digest();
    const pseudonym = digest.toString("hex", 0, PSEUDONYM_BYTES);
    if (remembered.size >= REMEMBERED_MOST) remembered.clear();
    remembered.set(name, pseudonym);
    return pseudonym;
  };
}
