import { createHmac } from "node:crypto";
import { loadKeyFile } from "./key-file.ts";
import { RecentBytes } from "./recent-bytes.ts";

const PSEUDONYM_BYTES = 16;
const SLOTS = 4096;
/** Of a subject: longer ones are cut by the filter. */
const BYTES_MOST = 256;

/** A subject as the log knows it: 32 hexadecimal digits, the same for the same issuer and `sub`, useless without the key. */
export type Pseudonym = (issuer: string, subject: Uint8Array) => string;

/** HMAC-SHA-256 (RFC 2104) under the key in `keys/pseudonym.key`, which the first start makes. */
export async function loadPseudonym(stateDirectory: string): Promise<Pseudonym> {
  const key = await loadKeyFile(stateDirectory, "pseudonym.key");
  const recent = new RecentBytes<{ readonly issuer: string; readonly pseudonym: string }>(SLOTS, BYTES_MOST);
  return (issuer, subject) => {
    const slot = recent.slotOf(subject, 0, subject.length);
    const known = recent.find(slot, subject, 0, subject.length);
    if (known?.issuer === issuer) return known.pseudonym;
    const digest = createHmac("sha256", key).update(`${issuer}\0`).update(subject).digest();
    const pseudonym = digest.toString("hex", 0, PSEUDONYM_BYTES);
    recent.remember(slot, subject, 0, subject.length, { issuer, pseudonym });
    return pseudonym;
  };
}
