import { createHmac } from "node:crypto";
import { loadKeyFile } from "./key-file.ts";

const PSEUDONYM_BYTES = 16;

/** A subject as the log knows it: 32 hexadecimal digits, the same for the same issuer and `sub`, useless without the key. */
export type Pseudonym = (issuer: string, subject: Uint8Array) => string;

/** HMAC-SHA-256 (RFC 2104) under the key in `keys/pseudonym.key`, which the first start makes. */
export async function loadPseudonym(stateDirectory: string): Promise<Pseudonym> {
  const key = await loadKeyFile(stateDirectory, "pseudonym.key");
  return (issuer, subject) =>
    createHmac("sha256", key)
      .update(`${issuer}\0`)
      .update(subject)
      .digest()
      .subarray(0, PSEUDONYM_BYTES)
      .toString("hex");
}
