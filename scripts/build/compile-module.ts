import { execFile } from "node:child_process";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../project-root.ts";

const run = promisify(execFile);

/**
 * Compiles an entry of the filter, for a target of `asconfig.json`, to `outFile`, which is replaced by a rename.
 * @throws Error the compiler's own message
 */
export async function compileModule(entry: string, target: "core" | "filter", outFile: string): Promise<void> {
  const beside = `${outFile}.${process.pid}.new`;
  const asc = join("scripts", "build", "asc.mjs");
  const entries = [entry, "filter/abort.ts"];
  try {
    // A process of its own: this one would transform the compiler's modules as it loads them.
    await run(process.execPath, [asc, ...entries, "--target", target, "--outFile", beside], { cwd: projectRoot });
    await rename(beside, outFile);
  } catch (error) {
    const message = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`the ${target} does not compile:\n${message}`);
  } finally {
    await rm(beside, { force: true });
  }
}
