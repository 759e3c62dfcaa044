import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { type Document, isAlias, isCollection, isScalar, isSeq, parseDocument, type Scalar } from "yaml";
import { hideBraces, restoreBraces } from "../../inference-sidecar/src/policy/path-braces.ts";

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

/** Where a policy names files, and which of them anybody may read. */
const places: readonly (readonly [path: readonly string[], isPublic: boolean])[] = [
  [["listener", "tls", "certificate"], true],
  [["listener", "tls", "key"], false],
  [["identity", "workloads", "trustBundle"], true],
  [["revocation"], false],
];
const longestName = 100;
const placesOfIssuer = [
  ["jwks", true],
  ["secret", false],
] as const;

/** Reads a policy that is valid. */
export async function flattenPolicy(policyPath: string): Promise<FlatPolicy> {
  const document = parseDocument(hideBraces(await readFile(policyPath, "utf8")));
  const found: { path: string; content: Uint8Array | null; isRevocation: boolean }[] = [];
  /** A value that an alias names as well stands once, and is renamed once. */
  const paths = new Map<Scalar, string>();
  for (const [owner, isPublic] of placesIn(document)) {
    const value = childOf(document, nodeAt(document, owner), "file");
    if (!isScalar(value)) continue;
    const path = paths.get(value) ?? resolve(dirname(policyPath), restoreBraces(String(value.value)));
    paths.set(value, path);
    const content = isPublic ? await readFile(path) : null;
    // A certificate may have its private key behind it in one file.
    const isSecret = content === null || content.includes("PRIVATE KEY");
    found.push({ path, content: isSecret ? null : content, isRevocation: owner[0] === "revocation" });
  }
  const names = new Map<string, string>();
  for (const { path } of found) {
    if (!names.has(path)) names.set(path, freeName(basename(path), [...names.values()]));
  }
  for (const [value, path] of paths) value.value = `./${names.get(path)}`;
  const publicFiles: Record<string, Uint8Array> = {};
  const secretFiles: Record<string, string> = {};
  let revocationFile: string | null = null;
  for (const { path, content, isRevocation } of found) {
    const name = names.get(path) as string;
    if (isRevocation) revocationFile = name;
    if (content === null) secretFiles[name] = path;
    else publicFiles[name] = content;
  }
  for (const name of Object.keys(secretFiles)) delete publicFiles[name];
  return { text: restoreBraces(String(document)), publicFiles, secretFiles, revocationFile };
}

function placesIn(document: Document): (readonly [owner: readonly (string | number)[], isPublic: boolean])[] {
  const issuers = nodeAt(document, ["identity", "issuers"]);
  const ofIssuers = (isSeq(issuers) ? issuers.items : []).flatMap((_, index) =>
    placesOfIssuer.map(([name, isPublic]) => [["identity", "issuers", index, name], isPublic] as const),
  );
  return [...places, ...ofIssuers];
}

function nodeAt(document: Document, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((node, key) => childOf(document, node, key), document.contents);
}

function childOf(document: Document, node: unknown, key: string | number): unknown {
  const child = isCollection(node) ? node.get(key, true) : undefined;
  return isAlias(child) ? child.resolve(document) : child;
}

/** As keys of a ConfigMap or a secret must be: `[-._a-zA-Z0-9]+`, at most 253 characters, not beginning with two dots. */
function freeName(wish: string, taken: readonly string[]): string {
  const key =
    wish
      .replace(/[^-._a-zA-Z0-9]/g, "-")
      .replace(/^\.+/, "")
      .slice(-longestName) || "file";
  for (let count = 1; ; count++) {
    const name = count === 1 ? key : `${count}-${key}`;
    if (name !== "policy.yaml" && !taken.includes(name)) return name;
  }
}
