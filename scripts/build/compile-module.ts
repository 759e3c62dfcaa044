import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../project-root.ts";

const run = promisify(execFile);

/**
 * Compiles an entry of the filter, for a target of `asconfig.json`, to `outFile`, which is replaced by a rename.
 * @throws Error the compiler's own message, or that the folder can't be written
 */
export async function compileModule(entry: string, target: "core" | "filter", outFile: string): Promise<void> {
  const beside = `${outFile}.${process.pid}.new`;
  try {
    await compile(entry, target, beside);
    // The compiler ends without an error where it can't write.
    if (!existsSync(beside)) {
      const folder = dirname(outFile);
      throw new Error(
        `${folder} can't be written. Build as the user whose it is, and let others read it: chmod -R a+rX`,
      );
    }
    await rename(beside, outFile);
  } finally {
    await rm(beside, { force: true });
  }
}

async function compile(entry: string, target: string, outFile: string): Promise<void> {
  const asc = join("scripts", "build", "asc.mjs");
  const entries = [entry, "filter/abort.ts"];
  try {
    // A process of its own: this one would transform the compiler's modules as it loads them.
    await run(process.execPath, [asc, ...entries, "--target", target, "--outFile", outFile], { cwd: projectRoot });
  } catch (error) {
    const message = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`the ${target} does not compile:\n${message}`);
  }
}
