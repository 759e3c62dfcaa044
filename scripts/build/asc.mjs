// The AssemblyScript compiler, with the collector of `filter/runtime/` in the place of the one of its runtime `minimal`.
import { readFile } from "node:fs/promises";
import { libraryFiles, main } from "assemblyscript/asc";

/** What the compiler calls must be global: a decorator that the linter has no grammar for. */
const asRuntime = (text) => text.replace(/^export function __/gm, "@global @unsafe\n$&");

const source = (name) => readFile(new URL(`../../filter/runtime/${name}.ts`, import.meta.url), "utf8");

libraryFiles["rt/heap"] = await source("heap");
libraryFiles["rt/tcms"] = asRuntime(await source("collector"));
const { error } = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
if (error) process.exitCode = 1;
