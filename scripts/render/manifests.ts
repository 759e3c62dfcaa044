import { stringify } from "yaml";

/** What a cluster takes of one object: a ConfigMap holds 1 MiB, and the store behind it (etcd) little more of any kind. */
const objectMostBytes = 1_048_576;

/** An object that no cluster would take. */
export class TooLargeError extends Error {}

/** One YAML file; long lines stay whole. @throws TooLargeError */
export function manifests(...objects: readonly object[]): string {
  for (const object of objects) {
    const { kind, metadata, data } = object as Manifest;
    const bytes = kind === "ConfigMap" ? bytesOf(data ?? {}) : Buffer.byteLength(JSON.stringify(object));
    requireRoom(`${kind} ${metadata?.name}`, bytes);
  }
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}

/** A file of kustomize. */
export function kustomization(resources: readonly string[], more: object = {}): string {
  return manifests({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources, ...more });
}

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** Of the content of a ConfigMap. */
export function bytesOf(data: Readonly<Record<string, string | Uint8Array>>): number {
  return Object.values(data).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
}

/** @throws TooLargeError it is larger than a cluster takes */
export function requireRoom(name: string, bytes: number): void {
  if (bytes <= objectMostBytes) return;
  throw new TooLargeError(
    `${name} would have ${bytes} bytes, and a cluster takes at most ${objectMostBytes} of one object: this policy has too many routes for one gateway in this place`,
  );
}
