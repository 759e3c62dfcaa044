import { type AttackScore, attackScores } from "../attack-score.ts";
import { ATTACK_CLASSES } from "../bundle.ts";
import type { Metrics } from "../metrics.ts";
import type { LoadedModel } from "../models/loaded-model.ts";
import type { Models } from "../models/models.ts";
import type { Window } from "../tokenizer.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import { Explanations, type Unexplained, withOwnBytes } from "./explanations.ts";
import type { Explanation } from "./kept-evidence.ts";
import { explain } from "./occlusion.ts";

export interface IdleScorerParts {
  readonly models: Models;
  readonly store: EvidenceStore;
  readonly metrics: Metrics;
  /** Nobody waits for the model. */
  readonly isIdle: () => boolean;
}

type Job = () => Promise<void>;

/** Waiting; what comes then is counted and let go. */
const SAMPLES_MOST = 64;
/** From one job to the next. */
const PAUSE_MS = 100;
/** After a sample samples rest for so many times as long as it took: they cost 0.2 % of a processor, whatever the traffic. */
const SAMPLE_REST = 499;
const DEADLINE_MS = 2000;
/** What the screen cleared is denied from here on, as by the filter where the model is asked about everything. */
const LIKELY_MILLIONTHS = 500_000;

/** What the model does while nobody waits for it: explanations of denials, and samples of what the screen cleared. */
export class IdleScorer {
  readonly #parts: IdleScorerParts;
  readonly #explanations = new Explanations();
  readonly #samples: Job[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #closed = false;
  /** As `performance.now`: when the timer is due, and before when no sample is scored. */
  #wakesAt = 0;
  #samplesRestUntil = 0;

  constructor(parts: IdleScorerParts) {
    this.#parts = parts;
  }

  /** What was found out about such a window before; null: nothing. */
  explanationOf(window: Window): Explanation | null {
    return this.#explanations.known(window, this.#parts.models.inForce);
  }

  /** Finds out which bytes of the window carried its score, and notes it beside the evidence of this name. */
  explain(name: string, window: Window): void {
    if (this.#explanations.add(name, window, this.#parts.models.inForce)) this.#schedule();
    else this.#parts.metrics.idleDropped.inc();
  }

  /** Asks the model about the worst window of a request that the screen cleared. */
  sample(window: Window): void {
    const { models, metrics } = this.#parts;
    const by = models.inForce;
    if (this.#samples.length >= SAMPLES_MOST) {
      metrics.idleDropped.inc();
      return;
    }
    const own = withOwnBytes(window);
    this.#samples.push(async () => {
      const [score] = await scoresBy(by, [own]);
      metrics.samples.inc();
      const denied = Math.max(by.bundle.thresholds.modelDeny, LIKELY_MILLIONTHS);
      if ((score?.attackMillionths ?? 0) >= denied) metrics.sampleDisagreements.inc();
    });
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed || this.#running) return;
    const soon = performance.now() + PAUSE_MS;
    if (!this.#explanations.isEmpty) this.#wakeAt(soon);
    else if (this.#samples.length > 0) this.#wakeAt(Math.max(soon, this.#samplesRestUntil));
  }

  /** Or before, where that is due. */
  #wakeAt(time: number): void {
    if (this.#timer !== undefined && this.#wakesAt <= time) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#runNext(), time - performance.now()).unref();
    this.#wakesAt = time;
  }

  async #runNext(): Promise<void> {
    this.#timer = undefined;
    if (this.#parts.isIdle()) {
      const next = this.#explanations.next();
      this.#running = true;
      await (next === null ? this.#runSample() : this.#run(() => this.#explainNext(next), next.names.length));
      this.#running = false;
    }
    this.#schedule();
  }

  async #explainNext({ window, by, names }: Unexplained): Promise<void> {
    const { store, metrics } = this.#parts;
    const known = this.#explanations.known(window, by);
    const explanation = known ?? (await explanationOf(window, by));
    if (known === null) this.#explanations.remember(window, by, explanation);
    await store.note(names, Buffer.from(JSON.stringify(explanation)));
    metrics.explanations.inc(names.length);
  }

  async #runSample(): Promise<void> {
    const sample = this.#samples.shift();
    if (sample === undefined) return;
    const started = performance.now();
    await this.#run(sample);
    const ended = performance.now();
    this.#samplesRestUntil = ended + SAMPLE_REST * (ended - started);
  }

  /** Not in time, or not stored: it is idle work, and the record stands without it. */
  async #run(job: Job, count = 1): Promise<void> {
    await job().catch(() => this.#parts.metrics.idleDropped.inc(count));
  }
}

async function explanationOf(window: Window, by: LoadedModel): Promise<Explanation> {
  const score = (windows: readonly Uint8Array[]) =>
    scoresBy(
      by,
      windows.map((bytes) => ({ ...window, bytes })),
    );
  const found = await explain(window.bytes, by.bundle.thresholds.modelDeny, score);
  return {
    bundle: by.digest,
    class: ATTACK_CLASSES[found.attackClass] ?? "",
    score: found.attackMillionths,
    spans: found.spans,
    without: found.withoutMillionths,
  };
}

async function scoresBy({ queue }: LoadedModel, windows: readonly Window[]): Promise<AttackScore[]> {
  const waiting = { signal: new AbortController().signal, deadline: Date.now() + DEADLINE_MS };
  return attackScores(await queue.submit(windows, waiting));
}
