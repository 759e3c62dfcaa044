import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { isMap, isPair, isScalar, parseDocument, visit } from "yaml";

/** A policy whose files lie beside it, whatever folders they were in. */
export interface FlatPolicy {
  /** The policy with the new names in it, comments and all. */
  readonly text: string;
  /** What anybody may read: certificates, key sets. Content by name. */
  readonly publicFiles: Readonly<Record<string, Uint8Array>>;
  /** Paths of all others (keys, secrets) by their new name. They are copied by nobody but their owner. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** The new name of the list of revocations; null: there is none. */
  readonly revocationFile: string | null;
}

const publicParents = ["certificate", "jwks", "trustBundle"];

/** Reads a policy that is valid. */
export async function flattenPolicy(policyPath: string): Promise<FlatPolicy> {
  const document = parseDocument(await readFile(policyPath, "utf8"));
  const names = new Map<string, string>();
  const publicFiles: Record<string, Uint8Array> = {};
  const secretFiles: Record<string, string> = {};
  const found: { path: string; isPublic: boolean }[] = [];
  let revocationFile: string | null = null;
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.value !== "file" || !isScalar(pair.value)) return;
      const parent = ancestors.at(-2);
      const owner = isPair(parent) && isScalar(parent.key) && isMap(parent.value) ? String(parent.key.value) : "";
      const path = resolve(dirname(policyPath), String(pair.value.value));
      const name = names.get(path) ?? freeName(basename(path), [...names.values()]);
      names.set(path, name);
      pair.value.value = `./${name}`;
      if (owner === "revocation") revocationFile = name;
      found.push({ path, isPublic: publicParents.includes(owner) });
    },
  });
  for (const { path, isPublic } of found) {
    const name = names.get(path) as string;
    if (isPublic) publicFiles[name] = await readFile(path);
    else secretFiles[name] = path;
  }
  for (const name of Object.keys(secretFiles)) delete publicFiles[name];
  return { text: String(document), publicFiles, secretFiles, revocationFile };
}

function freeName(wish: string, taken: readonly string[]): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wish : `${count}-${wish}`;
    if (name !== "policy.yaml" && !taken.includes(name)) return name;
  }
}
