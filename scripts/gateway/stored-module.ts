import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readBundle } from "../../inference-sidecar/src/bundle.ts";
import { BundleStore, type BundleWish } from "../../inference-sidecar/src/models/bundle-store.ts";
import { buildFilter, filterWithBundle } from "../build/filter.ts";
import { shippedBundle } from "../model/shipped-bundle.ts";
import { replaceFile } from "../replace-file.ts";
import { askSidecar } from "./ask-sidecar.ts";
import type { ModuleSource } from "./filter-module.ts";
import type { StateFolder } from "./state.ts";
import { waitUntil } from "./wait-until.ts";

/** What became of a wish for a bundle, in `STATE/run/model.json`. */
export interface WishOutcome {
  /** The wish's id; null: the gateway was started with the bundle that ships. */
  readonly wish: string | null;
  /** Why the bundle is not in force; null: it is. */
  readonly refused: string | null;
}

/** A sidecar that was killed is there again, its model loaded, within so long. */
const loadMillis = 45_000;
const moduleNames = /^postern-[0-9a-f]{16}\.wasm$/;

/** The module with the bundle that `postern model use` has asked for; else the built one. */
export function storedModule(state: StateFolder, report: (line: string) => void): ModuleSource {
  const store = new BundleStore(state.root);
  let wish: BundleWish | null = null;
  let inForce: BundleWish | null = null;
  const tell = async (outcome: WishOutcome) => {
    if (isDeepStrictEqual(await wishOutcome(state), outcome)) return;
    await replaceFile(outcomeFile(state), JSON.stringify(outcome));
  };
  return {
    files: [store.wishFile],
    async current() {
      wish = await store.wish();
      if (wish === null) return { wasmFile: await buildFilter(report), bundleDirectory: shippedBundle };
      const bundleDirectory = store.directoryOf(wish.bundle);
      await readBundle(bundleDirectory).catch(({ message }: Error) => {
        throw new Error(
          `${store.wishFile} names a bundle that can't be used: ${message}. Remove that file to have the bundle that ships.`,
        );
      });
      const wasmFile = join(state.run, moduleName(wish));
      await replaceFile(wasmFile, await filterWithBundle(bundleDirectory, report));
      return { wasmFile, bundleDirectory };
    },
    prepare: ({ bundleDirectory }) => loadInSidecar(state, bundleDirectory),
    async taken() {
      const isNew = wish?.id !== inForce?.id;
      inForce = wish;
      await removeModules(state.run, wish);
      await tell({ wish: wish?.id ?? null, refused: null });
      if (isNew) report(`the bundle ${wish?.bundle.slice(0, 12) ?? "that ships"} is in force`);
    },
    async refused(why) {
      // What can't be read was wished for by nobody.
      const wanted = await store.wish().catch(() => null);
      if (wanted?.id === inForce?.id) return;
      await store.takeBack(inForce);
      await tell({ wish: wanted?.id ?? null, refused: why });
    },
  };
}

/** What became of the last wish; null: nothing yet, or nothing that can be read (a loss of power can leave an empty file). */
export async function wishOutcome(state: StateFolder): Promise<WishOutcome | null> {
  return readFile(outcomeFile(state), "utf8")
    .then((text) => JSON.parse(text) as WishOutcome)
    .catch(() => null);
}

function outcomeFile({ run }: StateFolder): string {
  return join(run, "model.json");
}

/** The filter asks by its bundle's digest from its first request on: the sidecar must have the model by then. */
async function loadInSidecar({ root }: StateFolder, bundleDirectory: string): Promise<void> {
  const bundle = (await readBundle(bundleDirectory)).digest.toString("hex");
  let failure = new Error();
  const loaded = await waitUntil(async () => {
    try {
      await askSidecar(root, "model/load", { bundle }, null);
      return true;
    } catch (error) {
      failure = error as Error;
      return false;
    }
  }, loadMillis);
  if (!loaded) throw failure;
}

/** Of bundles that are not in force: no Envoy reads them any more. */
async function removeModules(folder: string, wish: BundleWish | null): Promise<void> {
  const inForce = wish && moduleName(wish);
  const others = (await readdir(folder)).filter((name) => moduleNames.test(name) && name !== inForce);
  for (const name of others) await rm(join(folder, name), { force: true });
}

function moduleName({ bundle }: BundleWish): string {
  return `postern-${bundle.slice(0, 16)}.wasm`;
}
