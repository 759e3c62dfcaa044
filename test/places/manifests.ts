import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parseAllDocuments } from "yaml";

export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name: string };
  readonly spec?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

const fixture = new URL("../fixtures/schemas/kubernetes.json", import.meta.url);
const { definitions, kinds } = JSON.parse(await readFile(fixture, "utf8")) as {
  definitions: object;
  kinds: Record<string, object>;
};
const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map<string, ValidateFunction>();

/** Every manifest of a folder, but those that kustomize reads and patches, which are none. */
export async function readManifests(folder: string): Promise<Manifest[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".yaml")).sort();
  const manifests: Manifest[] = [];
  for (const file of files) {
    if (/kustomization\.yaml$|patch\.yaml$|policy\/policy\.yaml$/.test(file)) continue;
    for (const document of parseAllDocuments(await readFile(join(folder, file), "utf8"))) {
      manifests.push({ ...(document.toJS() as Manifest), file });
    }
  }
  return manifests;
}

/** What is wrong with a manifest by the schema of its kind, unknown fields included; empty: nothing. */
export function schemaErrors({ file, ...manifest }: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  if (!kinds[kind]) return [`${file}: no schema for ${kind}`];
  const known = validators.get(kind) ?? ajv.compile({ ...kinds[kind], definitions });
  validators.set(kind, known);
  known(manifest);
  return (known.errors ?? []).map(
    ({ instancePath, message, params }) => `${file}: ${kind} ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The pod of a Deployment, a DaemonSet, or a patch of one. */
export function podOf(manifest: Pick<Manifest, "spec">): Record<string, unknown> {
  return (manifest.spec as { template: { spec: Record<string, unknown> } }).template.spec;
}
