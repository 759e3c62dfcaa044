import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { formerKeysPath, publicKeyPath, publicKeys } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";

/** What a log's heads are checked with. */
export interface LogKeys {
  /** Whoever runs the check vouches for these; never empty. */
  readonly trusted: readonly KeyObject[];
  /** These the state folder says to have signed before: who can write there can have put them there. */
  readonly former: readonly KeyObject[];
}

/** The keys in the folder's own `log.pub` and `log.former.pub`. @throws Error with what to do next */
export async function readStateKeys(stateDirectory: string): Promise<LogKeys> {
  const former = await readFile(formerKeysPath(stateDirectory), "utf8").catch(() => "");
  return { ...(await readTrustedKeys(publicKeyPath(stateDirectory))), former: publicKeys(former) };
}

/** The keys of a file, one PEM block after the other, and no others. @throws Error with what to do next */
export async function readTrustedKeys(path: string): Promise<LogKeys> {
  const text = await readFile(path, "utf8").catch((error: Error) => error);
  const trusted = text instanceof Error ? [] : publicKeys(text);
  if (trusted.length > 0) return { trusted, former: [] };
  const why = text instanceof Error ? fileErrorText(text) : "no PEM";
  throw new Error(
    `${path} is no public key (${why}). The gateway makes keys/log.pub in its state folder; --key FILE names another copy of it.`,
  );
}
