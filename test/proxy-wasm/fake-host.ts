import { readFile } from "node:fs/promises";
import { instantiate } from "@assemblyscript/loader";

type Callback = (...args: number[]) => number;

/** A host that a test plays: what the filter calls is answered by `answers`, else with `Ok` and nothing returned. */
export interface FakeHost {
  readonly exports: Record<string, Callback> & { readonly memory: { readonly buffer: ArrayBuffer } };
  /** By the name of the host's function; a test puts its own in. */
  readonly answers: Record<string, Callback>;
  /** Names of the host's functions in the order in which the filter called them. */
  readonly calls: string[];
  /** Gives bytes to the filter as Envoy does: into memory it allocates, address and size where it asked. */
  give(bytes: Uint8Array, returnData: number, returnSize: number): number;
  store(address: number, value: number): void;
}

export async function loadIntoFakeHost(wasm: string): Promise<FakeHost> {
  const answers: Record<string, Callback> = {};
  const calls: string[] = [];
  const anyFunction = new Proxy<Record<string, Callback>>(
    {},
    {
      get: (_target, name) => (typeof name === "symbol" ? undefined : functionOf(name)),
    },
  );
  const functionOf =
    (name: string): Callback =>
    (...args) => {
      calls.push(name);
      return answers[name]?.(...args) ?? 0;
    };
  const loaded = await instantiate(await readFile(wasm), { env: anyFunction, wasi_snapshot_preview1: anyFunction });
  const exports = loaded.exports as unknown as FakeHost["exports"];
  const store = (address: number, value: number) => new DataView(exports.memory.buffer).setUint32(address, value, true);
  const give = (bytes: Uint8Array, returnData: number, returnSize: number) => {
    const address = exports.proxy_on_memory_allocate?.(bytes.length) ?? 0;
    new Uint8Array(exports.memory.buffer).set(bytes, address);
    store(returnData, address);
    store(returnSize, bytes.length);
    return 0;
  };
  exports._initialize?.();
  return { exports, answers, calls, give, store };
}
