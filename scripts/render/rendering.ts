import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../../inference-sidecar/src/make-folder.ts";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { ListenAddress } from "../gateway/ports.ts";
import { replaceFile } from "../replace-file.ts";
import { digestOf, foreignFiles, type Leftovers, removeLeftovers } from "./earlier-rendering.ts";

/** What a target is rendered from. */
export interface RenderRequest {
  /** Absolute. */
  readonly policyPath: string;
  readonly loaded: LoadedPolicy;
  /** Absolute: where the files will lie. */
  readonly out: string;
  /** Null: the target's own. */
  readonly upstream: URL | null;
  readonly listen: ListenAddress | null;
  /** Where the module's image is pushed to, such as `registry.example/edge/postern`. */
  readonly image: string;
  /** Envoy's own jwt_authn and rbac behind the filter. */
  readonly secondLock: boolean;
  readonly report: (line: string) => void;
}

/** The files of a target, by path below `out`. */
export interface Rendering {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Folders that must be there, and are this user's alone. */
  readonly folders?: readonly string[];
  /** Files that may be read by others; all others are this user's alone. */
  readonly publicFiles?: boolean;
  /** What to do with it, in lines. */
  readonly next: readonly string[];
}

export type Target = (request: RenderRequest) => Promise<Rendering>;

/**
 * Writes a rendering in the place of the one before. Each file is replaced by a rename: an Envoy that watches it sees the
 * old one or the new.
 * @throws Error a file of somebody else's stands in the place of one; nothing is written then
 */
export async function writeRendering(
  out: string,
  { files, folders = [], publicFiles = false }: Rendering,
): Promise<Leftovers> {
  const digests = Object.entries(files).map(([path, content]) => [path, digestOf(content)] as const);
  const foreign = await foreignFiles(out, Object.fromEntries(digests));
  if (foreign.length > 0)
    throw new Error(
      `in ${out} are files that \`render\` has not written: ${foreign.join(", ")}. Move them away, or give another folder with --out DIR.`,
    );
  for (const folder of folders) await makeFolder(join(out, folder), 0o700);
  for (const [path, content] of Object.entries(files)) {
    const file = join(out, path);
    await makeFolder(dirname(file), 0o777);
    await replaceFile(file, content);
    if (publicFiles) await chmod(file, 0o644);
  }
  return removeLeftovers(out, Object.fromEntries(digests));
}

export function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
