import { shippedBundle } from "../model/shipped-bundle.ts";

/** The filter's module and the bundle whose screen is in it. */
export interface FilterModule {
  readonly wasmFile: string;
  readonly bundleDirectory: string;
}

/** Where the module comes from that is to be in force, and who is told what became of it. */
export interface ModuleSource {
  /** One of these changes with the module. */
  readonly files: readonly string[];
  /** @throws Error the bundle that is wished for can't be used */
  current(): Promise<FilterModule>;
  /** Before it is put in force in the place of another. @throws Error it must not be */
  prepare(module: FilterModule): Promise<void>;
  /** The module of `current` is in force. */
  taken(): Promise<void>;
  /** It is not, and the one before stays. */
  refused(why: string): Promise<void>;
}

/** A module that never changes, with the bundle that ships. */
export function fixedModule(wasmFile: string): ModuleSource {
  return {
    files: [],
    current: async () => ({ wasmFile, bundleDirectory: shippedBundle }),
    prepare: async () => undefined,
    taken: async () => undefined,
    refused: async () => undefined,
  };
}
