import { readFile } from "node:fs/promises";
import { readBundle } from "../../inference-sidecar/src/bundle.ts";
import { offerProblem, type SidecarOffer } from "../../inference-sidecar/src/offer.ts";
import type { FilterModule } from "./filter-module.ts";
import type { StateFolder } from "./state.ts";

/**
 * Whether the module goes with the sidecar that is there. One that has not said what it is, being of the release before
 * or not there yet, is taken at its word when it is asked.
 * @throws Error they are no pair, and which side to change
 */
export async function requirePair({ sidecarOfferFile }: StateFolder, module: FilterModule): Promise<void> {
  const text = await readFile(sidecarOfferFile, "utf8").catch(() => null);
  if (text === null) return;
  const bundle = await readBundle(module.bundleDirectory).then(
    ({ digest }) => digest.toString("hex"),
    () => null,
  );
  const problem = offerProblem(JSON.parse(text) as SidecarOffer, bundle);
  if (problem !== null) throw new Error(`${problem}: docs/upgrade.md says in which order releases follow each other`);
}
