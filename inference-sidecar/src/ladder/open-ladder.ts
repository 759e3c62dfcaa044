import { join } from "node:path";
import type { AdminCommands } from "../admin/admin-server.ts";
import type { SealedLog } from "../decision-log/sealed-log.ts";
import type { Models } from "../models/models.ts";
import type { PolicySource } from "../policy-source.ts";
import { reviewCommands } from "../review/review-command.ts";
import { Reviews } from "../review/reviews.ts";
import type { Store } from "../store/store.ts";
import type { SyncWorkers } from "../sync/sync-workers.ts";
import type { SyncedState } from "../sync/synced-state.ts";
import { Ladder } from "./ladder.ts";
import { routeCommands } from "./route-commands.ts";

export interface OpenLadderParts {
  readonly store: Store;
  readonly log: SealedLog;
  readonly stateDirectory: string;
  readonly synced: SyncedState;
  readonly workers: SyncWorkers;
  readonly policies: PolicySource;
  readonly models: Models;
}

/** Takes up where each route stood, under the policy in force, and what an operator can do about it. */
export async function openLadder(parts: OpenLadderParts): Promise<{ ladder: Ladder; commands: AdminCommands }> {
  const { store, log, synced, workers, policies, models } = parts;
  const reviews = await Reviews.open(store.table("reviews"));
  const judge = () => {
    const { digest, bundle } = models.inForce;
    return { bundle: digest, modelDeny: bundle.thresholds.modelDeny };
  };
  const ladder = new Ladder({ table: store.table("ladder"), log, reviews, synced, judge });
  await ladder.restore();
  await policies.follow((policy) => ladder.follow(policy));
  const logDirectory = join(parts.stateDirectory, "log");
  return {
    ladder,
    commands: {
      ...routeCommands(ladder, synced, workers),
      ...reviewCommands({ ladder, reviews, log, logDirectory }),
    },
  };
}
