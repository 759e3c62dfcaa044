import { createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";

/** The key that a log's heads are checked with. @throws Error with what to do next */
export async function readPublicKey(path: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(path, "utf8"));
  } catch (error) {
    throw new Error(
      `${path} is no public key (${fileErrorText(error as Error)}). The gateway makes keys/log.pub in its state folder; --key FILE names another copy of it.`,
    );
  }
}
