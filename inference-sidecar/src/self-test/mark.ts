import { createHmac, randomBytes } from "node:crypto";

/** The header that marks a probe. No client can make one, and each is good once. */
export const MARK_HEADER = "x-postern-self-test";

/** What `filter/self-test/mark.ts` accepts: `SECONDS.NONCE.MAC`, the MAC over time, nonce, method, authority and path. */
export function makeMark(key: Uint8Array, method: string, authority: string, path: string, nowMs: number): string {
  const seconds = String(Math.floor(nowMs / 1000)).padStart(10, "0");
  const signed = `${seconds}.${randomBytes(16).toString("hex")}`;
  const mac = createHmac("sha256", key).update([signed, method, authority, path].join("\n")).digest("hex");
  return `${signed}.${mac}`;
}
