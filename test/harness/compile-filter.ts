import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Compiles a Proxy-Wasm filter (an AssemblyScript entry, a path from the project's root) to `outFile` for a host. */
export async function compileFilter(entry: string, outFile: string, more: readonly string[] = []): Promise<void> {
  const options = ["-O1", "--noAssert", "--runtime", "minimal", "--exportStart", "_initialize"];
  const abort = ["--use", "abort=~lib/proxy-wasm-as/abort/abort"];
  await run(process.execPath, [
    "node_modules/assemblyscript/bin/asc.js",
    entry,
    ...options,
    ...abort,
    ...more,
    "--outFile",
    outFile,
  ]);
}
