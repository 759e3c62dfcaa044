import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MemoryUse } from "./sync/sync-workers.ts";

const SECONDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric of the sidecar. Labels are of closed sets: nothing of a request becomes one. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `postern_sidecar_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `postern_sidecar_${name}`, help, labelNames, registers });
  return {
    registry,
    calls: counter("calls_total", "Calls answered, by method and gRPC status.", ["method", "status"]),
    scoreSeconds: new Histogram({
      name: "postern_sidecar_score_seconds",
      help: "Duration of answered Score calls: admission, queue, infer, total.",
      labelNames: ["stage"],
      buckets: SECONDS,
      registers,
    }),
    batchWindows: new Histogram({
      name: "postern_sidecar_batch_windows",
      help: "Windows in a batch.",
      buckets: [1, 2, 4, 8, 12, 16, 32, 64],
      registers,
    }),
    modelReady: gauge("model_ready", "1: the model is loaded and warm."),
    bundleInfo: gauge("bundle_info", "The bundle that is loaded.", ["digest"]),
    records: counter("records_total", "Decision records written, by effect.", ["effect"]),
    duplicates: counter("duplicate_records_total", "Records reported again and skipped."),
    missing: counter("missing_records_total", "Records that never came: gaps in the workers' sequences."),
    lost: counter("lost_records_total", "Records that workers said they had to drop."),
    keyFetches: counter("key_fetches_total", "Attempts to fetch an issuer's keys, by outcome.", ["issuer", "outcome"]),
    selfTests: counter("self_tests_total", "Self-tests of routes, by outcome.", ["outcome"]),
    routeEnforcing: gauge("route_enforcing", "1: the newest self-test proved that the route enforces its policy.", [
      "route",
    ]),
    filterInert: gauge("filter_inert", "1: a probe of the self-test came through that the filter had not judged."),
    evidenceKept: counter("evidence_kept_total", "Decisions of which bytes of the request are kept."),
    evidenceErrors: counter("evidence_errors_total", "Evidence that could not be written."),
    explanations: counter("explanations_total", "Denials by the score, or that would be, whose explanation is kept."),
    samples: counter("sampled_scores_total", "Requests cleared by the screen that the model scored in idle time."),
    sampleDisagreements: counter("sampled_disagreements_total", "Of these, those that the model would have denied."),
    idleDropped: counter("idle_work_dropped_total", "Explanations and samples that found no idle time."),
    logErrors: counter("log_errors_total", "Failed writes of the decision log."),
  };
}

/** A gauge that is read when it is scraped. */
export function observeGauge({ registry }: Metrics, name: string, help: string, read: () => number): void {
  new Gauge({
    name: `postern_sidecar_${name}`,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** Bytes of a remembered proof or counted failure. */
const SHARED_ENTRY_BYTES = 16;

/** What the bounded memories of identity in the gateway hold, by what they hold it for. */
export function observeMemory({ registry }: Metrics, read: () => MemoryUse): void {
  const gauge = (unit: string, help: string, of: (use: MemoryUse) => Record<string, number>) =>
    new Gauge({
      name: `postern_sidecar_gateway_memory_${unit}`,
      help,
      labelNames: ["of"],
      registers: [registry],
      collect() {
        for (const [name, value] of Object.entries(of(read()))) this.set({ of: name }, value);
      },
    });
  gauge("entries", "Entries in the gateway's memories of identity, all workers together.", (use) => ({
    tokens: use.tokens,
    assertions: use.assertions,
    proofs: use.proofBytes / SHARED_ENTRY_BYTES,
    failures: use.failureBytes / SHARED_ENTRY_BYTES,
  }));
  gauge("bytes", "Bytes in the gateway's memories of identity, all workers together.", (use) => ({
    tokens: use.tokenBytes,
    assertions: use.assertionBytes,
    proofs: use.proofBytes,
    failures: use.failureBytes,
  }));
}
