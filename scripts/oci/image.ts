import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { tarOf } from "./tar.ts";

/** OCI image-spec v1.1, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** An image of the module: its manifest, and everything that it names. */
export interface Image {
  readonly manifest: Descriptor;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const wasmConfig = "application/vnd.module.wasm.config.v1+json";
const wasmContent = "application/vnd.module.wasm.content.layer.v1+wasm";

/** The artifact form that meshes take: exactly two layers, what the module is and the module as it stands. */
export function artifactImage(module: Uint8Array, version: string): Image {
  const image = new Builder();
  const about = json({ type: "envoy_proxy", abi_versions: ["v0-2-1"], config: { rootIds: ["postern"] } });
  const layers = [image.add(wasmConfig, about), image.add(wasmContent, module)];
  // image-spec v1.1, "Guidelines for Artifact Usage": a config of nothing.
  const config = image.add("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
  return image.finish({ artifactType: wasmContent, config, layers }, version);
}

/** The compatible form, for registries that know container images only: one layer that holds `plugin.wasm`. */
export function compatibleImage(module: Uint8Array, version: string): Image {
  const image = new Builder();
  const archive = tarOf("plugin.wasm", module);
  const layer = image.add("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(archive, { level: 9 }));
  const rootfs = { type: "layers", diff_ids: [digestOf(archive)] };
  const about = json({ architecture: "wasm", os: "wasip1", config: {}, rootfs });
  const config = image.add("application/vnd.oci.image.config.v1+json", about);
  return image.finish({ config, layers: [layer] }, version);
}

/** An image layout (image-layout.md): files by path, each image under a name that tools find it by. */
export function imageLayout(images: Readonly<Record<string, Image>>): Record<string, Uint8Array> {
  const manifests = Object.entries(images).map(([name, { manifest }]) => ({
    ...manifest,
    annotations: { "org.opencontainers.image.ref.name": name },
  }));
  const blobs = Object.values(images).flatMap((image) => [...image.blobs]);
  return {
    "oci-layout": json({ imageLayoutVersion: "1.0.0" }),
    "index.json": json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests }),
    ...Object.fromEntries(blobs.map(([digest, content]) => [`blobs/${digest.replace(":", "/")}`, content])),
  };
}

class Builder {
  readonly #blobs = new Map<string, Uint8Array>();

  add(mediaType: string, content: Uint8Array): Descriptor {
    const digest = digestOf(content);
    this.#blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  }

  finish(parts: object, version: string): Image {
    const annotations = {
      "org.opencontainers.image.title": "postern",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": "Apache-2.0",
    };
    const manifest = this.add(manifestType, json({ schemaVersion: 2, mediaType: manifestType, ...parts, annotations }));
    return { manifest, blobs: this.#blobs };
  }
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
