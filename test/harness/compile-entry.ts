import { instantiate } from "@assemblyscript/loader";
import asc from "assemblyscript/asc";

/**
 * Compiles an AssemblyScript entry (a path from the project's root) as the filter is compiled, and loads it in Node:
 * pure parts of the filter are tested on compiled code. `imports` are the module's own.
 */
export async function compileEntry<T extends Record<string, unknown>>(
  path: string,
  imports: Record<string, Record<string, unknown>> = {},
) {
  const options = ["--runtime", "minimal", "--exportRuntime", "-O3", "--noAssert", "--enable", "simd"];
  const layout = ["--memoryBase", "589824", "--use", "abort=filter/abort/abort"];
  const files = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main([path, ...options, ...layout, "--outFile", "entry.wasm"], {
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (typeof contents !== "string") files.set(name, contents);
    },
  });
  const binary = files.get("entry.wasm");
  if (error || !binary) throw new Error(`${path} does not compile:\n${stderr.toString()}`);
  return await instantiate<T>(binary, imports as never);
}
