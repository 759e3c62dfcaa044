import { execFile } from "node:child_process";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../project-root.ts";
import { replaceFile } from "../replace-file.ts";
import { SCREEN_SEGMENT_OFFSET, screenSegment } from "./bundle.ts";
import { insertDataSegment } from "./data-segment.ts";
import { digestOf, isStamped, writeStamp } from "./stamp.ts";

const run = promisify(execFile);

const buildFolder = join(projectRoot, "build");
const bundleFolder = join(projectRoot, "models", "bundle");
/** The finished filter: compiled, with the screen's weights in it. */
export const filterFile = join(buildFolder, "postern.wasm");

const compiled = join(buildFolder, "filter.wasm");
const compiledStamp = join(buildFolder, "filter.stamp");
const finishedStamp = join(buildFolder, "postern.stamp");

/**
 * Makes `build/postern.wasm` unless it is already made from these sources and this bundle.
 * @throws Error the compiler's own message
 */
export async function buildFilter(report: (line: string) => void): Promise<string> {
  await mkdir(buildFolder, { recursive: true });
  const sources = await digestOf(
    ["filter", "asconfig.json", "node_modules/assemblyscript/package.json"].map(inProject),
  );
  const everything = sources + (await digestOf([bundleFolder]));
  if ((await isStamped(finishedStamp, everything)) && (await exists(filterFile))) return filterFile;
  if (!((await isStamped(compiledStamp, sources)) && (await exists(compiled)))) {
    report("compiling the filter …");
    await compile();
    await writeStamp(compiledStamp, sources);
  }
  const module = insertDataSegment(await readFile(compiled), SCREEN_SEGMENT_OFFSET, await screenSegment(bundleFolder));
  await replaceFile(filterFile, module);
  await writeStamp(finishedStamp, everything);
  return filterFile;
}

async function compile(): Promise<void> {
  const beside = `${compiled}.${process.pid}.new`;
  const asc = join("node_modules", "assemblyscript", "bin", "asc.js");
  const entries = ["filter/main.ts", "filter/abort.ts"];
  try {
    // A process of its own: this one would transform the compiler's modules as it loads them.
    await run(process.execPath, [asc, ...entries, "--target", "filter", "--outFile", beside], { cwd: projectRoot });
    await rename(beside, compiled);
  } catch (error) {
    const message = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`the filter does not compile:\n${message}`);
  } finally {
    await rm(beside, { force: true });
  }
}

function inProject(path: string): string {
  return join(projectRoot, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
