import { readFile } from "node:fs/promises";
import { buildFilter } from "../build/filter.ts";
import { bomOf, provenanceOf } from "../oci/attestations.ts";
import { artifactImage, compatibleImage, imageLayout } from "../oci/image.ts";
import { projectVersion } from "./project-version.ts";
import { asJson, type RenderRequest } from "./rendering.ts";

/** The module as an image in both forms, ready to be pushed, with what it is made of and where it comes from. */
export interface ModuleImage {
  /** `REGISTRY/NAME@sha256:…`: the artifact form, and no other bytes. */
  readonly reference: string;
  /** Of its manifest, hexadecimal. */
  readonly sha256: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** How to push it from the folder of the rendering, in lines. */
  readonly push: readonly string[];
}

export async function moduleImage({ image, report }: RenderRequest): Promise<ModuleImage> {
  const module = await readFile(await buildFilter(report));
  const version = await projectVersion();
  const images = { [version]: artifactImage(module, version), [`${version}-compat`]: compatibleImage(module, version) };
  const { digest } = (images[version] as ReturnType<typeof artifactImage>).manifest;
  const layout = Object.entries(imageLayout(images)).map(([path, content]) => [`image/${path}`, content] as const);
  return {
    reference: `${image}@${digest}`,
    sha256: digest.replace("sha256:", ""),
    files: {
      ...Object.fromEntries(layout),
      "image/bom.cdx.json": asJson(await bomOf(module, version)),
      "image/provenance.json": asJson(await provenanceOf(module, digest, version)),
    },
    push: Object.keys(images).map((tag) => `skopeo copy oci:image:${tag} docker://${image}:${tag}`),
  };
}
