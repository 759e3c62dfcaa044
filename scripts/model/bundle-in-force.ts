import { BundleStore } from "../../inference-sidecar/src/models/bundle-store.ts";

/** The folder of the bundle that a state folder's gateway uses; null: the one that ships. */
export async function bundleInForce(stateDirectory: string): Promise<string | null> {
  const store = new BundleStore(stateDirectory);
  const wish = await store.wish();
  return wish && store.directoryOf(wish.bundle);
}
