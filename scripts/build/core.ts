import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../project-root.ts";
import { replaceFile } from "../replace-file.ts";
import { SCREEN_SEGMENT_OFFSET, screenSegment } from "./bundle.ts";
import { compileModule } from "./compile-module.ts";
import { insertDataSegment } from "./data-segment.ts";
import { digestOf, isStamped, writeStamp } from "./stamp.ts";

const buildFolder = join(projectRoot, "build");
const bundleFolder = join(projectRoot, "models", "bundle");
const unweighted = join(buildFolder, "core-unweighted.wasm");
const unweightedStamp = join(buildFolder, "core-unweighted.stamp");
const weighted = join(buildFolder, "core.wasm");
const weightedStamp = join(buildFolder, "core.stamp");

/** What core.wasm is made of, and a little more: the parts of the filter that touch the host are not in it. */
const sources = ["asconfig.json", "filter", "scripts/build/asc.mjs", "node_modules/assemblyscript/package.json"];

/**
 * Makes the core unless it is already made from these sources and this bundle. Gives `build/core.wasm`, or, as long as
 * there is no bundle, `build/core-unweighted.wasm`, whose screen is not ready.
 * @throws Error the compiler's own message
 */
export async function buildCore(): Promise<string> {
  const digest = await buildUnweighted();
  if (!existsSync(join(bundleFolder, "manifest.json"))) return unweighted;
  const everything = digest + (await digestOf([bundleFolder]));
  if ((await isStamped(weightedStamp, everything)) && existsSync(weighted)) return weighted;
  await replaceFile(weighted, await withBundle(bundleFolder));
  await writeStamp(weightedStamp, everything);
  return weighted;
}

/** A core with another bundle, made in memory. @throws Error the bundle can't be used */
export async function coreWithBundle(bundleDirectory: string): Promise<Uint8Array> {
  await buildUnweighted();
  return withBundle(bundleDirectory);
}

async function withBundle(bundleDirectory: string): Promise<Uint8Array> {
  const segment = await screenSegment(bundleDirectory);
  return insertDataSegment(await readFile(unweighted), SCREEN_SEGMENT_OFFSET, segment);
}

/** @returns the digest of its sources */
async function buildUnweighted(): Promise<string> {
  await mkdir(buildFolder, { recursive: true });
  const digest = await digestOf(sources.map((path) => join(projectRoot, path)));
  if (!((await isStamped(unweightedStamp, digest)) && existsSync(unweighted))) {
    await compileModule("filter/core.ts", "core", unweighted);
    await writeStamp(unweightedStamp, digest);
  }
  return digest;
}
