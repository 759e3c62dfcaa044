import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeChanged } from "./durable-file.ts";
import { logEvent } from "./process-log.ts";
import { isCompatible, PROTOCOL } from "./protocol.ts";

/** What a sidecar says of itself beside its socket, for a gateway that starts. */
export interface SidecarOffer {
  readonly protocol: number;
  /** Digests of the bundles that it has, hexadecimal. */
  readonly bundles: readonly string[];
}

export const OFFER_FILE = "offer.json";

/** Leaves it in the folder. Where the disk takes nothing there is none, rather than that of a sidecar before. */
export async function leaveOffer(folder: string, offer: SidecarOffer): Promise<void> {
  const path = join(folder, OFFER_FILE);
  await writeChanged(path, JSON.stringify(offer)).catch(async ({ message }: Error) => {
    logEvent("error", "offer_not_written", { message });
    await rm(path, { force: true });
  });
}

/**
 * Why a gateway of this version, with this bundle in its filter, must not start with that sidecar; null: it may.
 * @param bundle null: it is not known
 */
export function offerProblem({ protocol, bundles }: SidecarOffer, bundle: string | null): string | null {
  if (!isCompatible(protocol)) {
    return `the sidecar speaks protocol ${protocol}, this gateway ${PROTOCOL} and one step each way [wrong_pair]`;
  }
  if (bundle === null || bundles.includes(bundle)) return null;
  return `the filter's bundle is ${bundle}, the sidecar has ${bundles.join(", ")} [wrong_pair]`;
}
