import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LoadedPolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { ListenAddress } from "../gateway/ports.ts";
import { replaceFile } from "../replace-file.ts";
import { digestOf, type Leftovers, removeLeftovers } from "./earlier-rendering.ts";

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
 */
export async function writeRendering(
  out: string,
  { files, folders = [], publicFiles = false }: Rendering,
): Promise<Leftovers> {
  for (const folder of folders) await mkdir(join(out, folder), { recursive: true, mode: 0o700 });
  for (const [path, content] of Object.entries(files)) {
    const file = join(out, path);
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, content);
    if (publicFiles) await chmod(file, 0o644);
  }
  const digests = Object.entries(files).map(([path, content]) => [path, digestOf(content)] as const);
  return removeLeftovers(out, Object.fromEntries(digests));
}

export function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
