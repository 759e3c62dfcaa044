import type { Bundle } from "../bundle.ts";
import type { Configuration } from "../config.ts";
import type { Metrics } from "../metrics.ts";
import type { BatchQueue } from "../queue.ts";
import { EvidenceIntake } from "./evidence-intake.ts";
import { EvidenceStore } from "./evidence-store.ts";
import { IdleScorer } from "./idle-scorer.ts";

export interface EvidenceParts {
  readonly configuration: Configuration;
  readonly bundle: Bundle;
  readonly queue: BatchQueue;
  readonly metrics: Metrics;
  readonly isIdle: () => boolean;
}

/** Puts store, idle scorer and intake together. @throws StartError `state_directory` */
export async function openEvidence({ configuration, bundle, queue, metrics, isIdle }: EvidenceParts) {
  const store = await EvidenceStore.open(configuration.stateDirectory, configuration.evidence);
  const idle = new IdleScorer({ bundle, queue, store, metrics, isIdle });
  const intake = new EvidenceIntake({
    store,
    idle,
    bundle: bundle.digest.toString("hex"),
    windowBytes: configuration.limits.windowBytes,
    metrics,
  });
  return {
    intake,
    async close(): Promise<void> {
      idle.close();
      await store.close();
    },
  };
}
