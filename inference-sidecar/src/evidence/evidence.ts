import type { Configuration } from "../config.ts";
import type { Metrics } from "../metrics.ts";
import type { Models } from "../models/models.ts";
import { EvidenceIntake } from "./evidence-intake.ts";
import { EvidenceStore } from "./evidence-store.ts";
import { IdleScorer } from "./idle-scorer.ts";

export interface EvidenceParts {
  readonly configuration: Configuration;
  readonly models: Models;
  readonly metrics: Metrics;
  readonly isIdle: () => boolean;
}

/** Puts store, idle scorer and intake together. @throws StartError `state_directory` */
export async function openEvidence({ configuration, models, metrics, isIdle }: EvidenceParts) {
  const store = await EvidenceStore.open(configuration.stateDirectory, configuration.evidence);
  const idle = new IdleScorer({ models, store, metrics, isIdle });
  const intake = new EvidenceIntake({
    store,
    idle,
    models,
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
