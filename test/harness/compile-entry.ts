import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { instantiate } from "@assemblyscript/loader";

const run = promisify(execFile);

/**
 * Compiles an AssemblyScript entry (a path from the project's root) as the filter is compiled, and loads it in Node:
 * pure parts of the filter are tested on compiled code. `imports` are the module's own.
 */
export async function compileEntry<T extends Record<string, unknown>>(
  path: string,
  imports: Record<string, Record<string, unknown>> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "postern-entry-"));
  const outFile = join(folder, "entry.wasm");
  const options = ["--runtime", "minimal", "--exportRuntime", "-O3", "--noAssert", "--enable", "simd"];
  const layout = ["--memoryBase", "589824", "--use", "abort=filter/abort/abort", "--outFile", outFile];
  try {
    // A process of its own: it loads the compiler several times faster than this one, which transforms what it imports.
    await run(process.execPath, ["scripts/build/asc.mjs", path, "filter/abort.ts", ...options, ...layout]);
    return await instantiate<T>(await readFile(outFile), imports as never);
  } finally {
    await rm(folder, { recursive: true });
  }
}
