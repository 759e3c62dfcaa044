interface Seen {
  readonly version: number;
  readonly atMs: number;
  /** Null: it has not said yet. */
  readonly memory: MemoryUse | null;
}

/** postern.v1.MemoryUse */
export interface MemoryUse {
  readonly tokens: number;
  readonly tokenBytes: number;
  readonly assertions: number;
  readonly assertionBytes: number;
  readonly proofBytes: number;
  readonly failureBytes: number;
}

/** Silent for so long, a worker is gone: its Envoy has ended or its VM was made anew. */
const SILENT_MS = 2_000;
const WORKERS_MOST = 1_024;

/** Which version of the synced state each living worker says that it has. */
export class SyncWorkers {
  readonly #workers = new Map<string, Seen>();
  readonly #waiting = new Set<() => void>();
  readonly #heard: (worker: string) => void;

  /** @param heard told each time that a worker shows itself */
  constructor(heard: (worker: string) => void) {
    this.#heard = heard;
  }

  saw(worker: string, version: number, memory: MemoryUse | null = null): void {
    if (!this.#workers.has(worker) && this.#workers.size >= WORKERS_MOST) this.#forgetSilent();
    if (this.#workers.size >= WORKERS_MOST && !this.#workers.has(worker)) return;
    const said = memory ?? this.#workers.get(worker)?.memory ?? null;
    this.#workers.set(worker, { version, atMs: performance.now(), memory: said });
    for (const look of this.#waiting) look();
    this.#heard(worker);
  }

  /** What the living workers hold: each its own, all together what they share. */
  get memory(): MemoryUse {
    this.#forgetSilent();
    const all = [...this.#workers.values()].flatMap(({ memory }) => (memory === null ? [] : [memory]));
    const sum = (of: keyof MemoryUse) => all.reduce((total, one) => total + one[of], 0);
    const most = (of: keyof MemoryUse) => Math.max(0, ...all.map((one) => one[of]));
    return {
      tokens: sum("tokens"),
      tokenBytes: sum("tokenBytes"),
      assertions: sum("assertions"),
      assertionBytes: sum("assertionBytes"),
      proofBytes: most("proofBytes"),
      failureBytes: most("failureBytes"),
    };
  }

  /** Of the living workers: how many there are, and how many have that version or a later one. */
  count(version: number): { readonly workers: number; readonly current: number } {
    this.#forgetSilent();
    const current = [...this.#workers.values()].filter((seen) => seen.version >= version).length;
    return { workers: this.#workers.size, current };
  }

  /** Waits, at most `millis`, until every living worker has the version; gives what it came to. */
  async untilAllHave(version: number, millis: number): Promise<{ workers: number; current: number }> {
    const all = () => {
      const { workers, current } = this.count(version);
      return current === workers;
    };
    if (!all()) {
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          this.#waiting.delete(look);
          resolve();
        };
        const look = () => {
          if (all()) end();
        };
        const timer = setTimeout(end, millis);
        this.#waiting.add(look);
      });
    }
    return this.count(version);
  }

  #forgetSilent(): void {
    const now = performance.now();
    for (const [worker, { atMs }] of this.#workers) if (now - atMs > SILENT_MS) this.#workers.delete(worker);
  }
}
