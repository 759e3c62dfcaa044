import { createHash } from "node:crypto";
import type { Path, PolicyDocument } from "./document.ts";

const DIGEST_OF_NOTHING = createHash("sha256").digest("hex");

/** Reports the digest of the empty text, which a command with an unset variable makes and an empty header would match. */
export function refuseDigestOfNothing(document: PolicyDocument, digest: string | undefined, at: Path): void {
  if (digest?.toLowerCase() !== DIGEST_OF_NOTHING) return;
  document.report("key_weak", at, "this is the SHA-256 of the empty text", "the digest of a random text");
}
