import { createHash } from "node:crypto";
import { REVOCABLE_CLAIMS, type Revocation } from "./revocation.ts";

const MARK_BYTES = 16;
const ENTRY_BYTES = 20;
/** In the place of a time: whenever they were issued. */
const ANY_TIME = 0xffff_ffff;

/**
 * Revocations as the filter looks them up: sorted entries of a mark (the first 16 bytes of SHA-256 over claim, 0, issuer, 0,
 * value) and the u32 Unix second before which revoked tokens were issued. Of two with one mark the wider counts.
 */
export function packEntries(revocations: readonly Revocation[]): Buffer {
  const times = new Map<string, number>();
  for (const revocation of revocations) {
    const mark = markOf(revocation).toString("hex");
    times.set(mark, Math.max(times.get(mark) ?? 0, secondsBefore(revocation)));
  }
  const packed = Buffer.alloc(times.size * ENTRY_BYTES);
  for (const [index, mark] of [...times.keys()].sort().entries()) {
    packed.write(mark, index * ENTRY_BYTES, "hex");
    packed.writeUInt32LE(times.get(mark) ?? 0, index * ENTRY_BYTES + MARK_BYTES);
  }
  return packed;
}

function markOf(revocation: Revocation): Buffer {
  const { iss = "" } = revocation;
  const claim = REVOCABLE_CLAIMS.find((one) => revocation[one] !== undefined);
  const parts = claim ? [claim, iss, revocation[claim]] : ["iss", "", iss];
  return createHash("sha256").update(parts.join("\0")).digest().subarray(0, MARK_BYTES);
}

/** A second that has begun counts as a whole: `iat` is mostly in whole seconds. */
function secondsBefore({ before }: Revocation): number {
  return before === undefined ? ANY_TIME : Math.ceil(Date.parse(before) / 1000);
}
