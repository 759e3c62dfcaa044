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
/** The finished filter: compiled, with the screen's weights in it. */
const filterFile = join(buildFolder, "postern.wasm");

const compiled = join(buildFolder, "filter.wasm");
const compiledStamp = join(buildFolder, "filter.stamp");
const sourcePaths = ["filter", "asconfig.json", "scripts/build/asc.mjs", "node_modules/assemblyscript/package.json"];
const finishedStamp = join(buildFolder, "postern.stamp");

/**
 * Makes `build/postern.wasm` unless it is already made from these sources and this bundle.
 * @throws Error the compiler's own message
 */
export async function buildFilter(report: (line: string) => void): Promise<string> {
  await mkdir(buildFolder, { recursive: true });
  const sources = await digestOf(sourcePaths.map(inProject));
  const everything = sources + (await digestOf([bundleFolder]));
  if ((await isStamped(finishedStamp, everything)) && existsSync(filterFile)) return filterFile;
  await compile(sources, report);
  await replaceFile(filterFile, await withBundle(bundleFolder));
  await writeStamp(finishedStamp, everything);
  return filterFile;
}

/** The filter with another bundle, made without a compiler where it is compiled. @throws Error the bundle can't be used */
export async function filterWithBundle(bundleDirectory: string, report: (line: string) => void): Promise<Uint8Array> {
  await mkdir(buildFolder, { recursive: true });
  await compile(await digestOf(sourcePaths.map(inProject)), report);
  return withBundle(bundleDirectory);
}

async function withBundle(bundleDirectory: string): Promise<Uint8Array> {
  return insertDataSegment(await readFile(compiled), SCREEN_SEGMENT_OFFSET, await screenSegment(bundleDirectory));
}

async function compile(sources: string, report: (line: string) => void): Promise<void> {
  if ((await isStamped(compiledStamp, sources)) && existsSync(compiled)) return;
  report("compiling the filter …");
  await compileModule("filter/main.ts", "filter", compiled);
  await writeStamp(compiledStamp, sources);
}

function inProject(path: string): string {
  return join(projectRoot, path);
}
