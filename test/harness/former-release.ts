import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../scripts/project-root.ts";

const run = promisify(execFile);

/** The commit of the release before this one. */
const COMMIT = "3f137f9cf399e1016c039b6c76672532b03c175f";
const NEEDED = [
  "asconfig.json",
  "package.json",
  "package-lock.json",
  "filter",
  "inference-sidecar",
  "scripts",
  "envoy",
];

/** A release from its sources: this checkout, or a former one below `build`. */
export interface Release {
  readonly folder: string;
  /** Of the sidecar. */
  readonly main: string;
  readonly wasmFile: string;
  readonly bundle: string;
}

/** Why there is no former release to be had; null: there is one. */
export async function missingFormerRelease(): Promise<string | null> {
  return run("git", ["cat-file", "-e", `${COMMIT}^{commit}`], { cwd: projectRoot }).then(
    () => null,
    () => "this checkout has no history with the release before in it",
  );
}

/** The release before, built from the project's history once a checkout: about a minute. */
export async function formerRelease(): Promise<Release> {
  const folder = join(projectRoot, "build", `release-${COMMIT.slice(0, 7)}`);
  if (!existsSync(folder)) {
    const beside = `${folder}.${process.pid}.new`;
    await mkdir(beside, { recursive: true });
    try {
      const archive = `git archive ${COMMIT} ${NEEDED.join(" ")} models/bundle | tar -x -C "$1"`;
      await run("sh", ["-c", archive, "sh", beside], { cwd: projectRoot });
      await linkPackages(beside);
      await inRelease(beside, BUILD);
      await rename(beside, folder);
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  }
  return releaseIn(folder);
}

/** A release that is built. */
export function releaseIn(folder: string): Release {
  return {
    folder,
    main: join(folder, "build", "inference-sidecar", "main.mjs"),
    wasmFile: join(folder, "build", "postern.wasm"),
    bundle: join(folder, "models", "bundle"),
  };
}

/** Has the release's own compiler and writer put a policy where Envoy and the sidecar read it; gives the version. */
export async function writePolicyBy({ folder, wasmFile }: Release, text: string, to: string): Promise<string> {
  return inRelease(folder, WRITE_POLICY, text, to, wasmFile);
}

const BUILD = `
const { buildFilter } = await import("./scripts/build/filter.ts");
const { buildSidecar } = await import("./scripts/build/sidecar.ts");
await Promise.all([buildFilter(() => undefined), buildSidecar()]);
`;
const WRITE_POLICY = `
const [text, to, wasmFile] = process.argv.slice(1);
const { parsePolicy } = await import("./inference-sidecar/src/policy/load.ts");
const { writePolicy } = await import("./scripts/gateway/policy-force.ts");
const loaded = await parsePolicy(text, to + "/policy.yaml");
// Releases before this one compile the policy where they write it.
const given = "compiled" in loaded ? loaded : loaded.policy;
const files = { filterConfigFile: "/ecds.json", sidecarPolicyFile: "/policy.json", syncStateFile: "/sync-state.bin" };
const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, to + file]));
process.stdout.write(await writePolicy(given, wasmFile, paths));
`;

async function inRelease(folder: string, code: string, ...args: string[]): Promise<string> {
  const command = ["--import", "tsx", "--input-type=module", "--eval", code, ...args];
  return (await run(process.execPath, command, { cwd: folder })).stdout;
}

/** The packages of this checkout, but for the one that lies in the release itself. */
async function linkPackages(folder: string): Promise<void> {
  const own = "proxy-wasm-as";
  await mkdir(join(folder, "node_modules"));
  for (const name of await readdir(join(projectRoot, "node_modules"))) {
    if (name !== own) await symlink(join(projectRoot, "node_modules", name), join(folder, "node_modules", name));
  }
  await symlink(join("..", "filter", "proxy-wasm"), join(folder, "node_modules", own));
}
