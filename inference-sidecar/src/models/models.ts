import { readBundle } from "../bundle.ts";
import { FileWatch } from "../file-watch.ts";
import { logEvent } from "../process-log.ts";
import { ServiceError } from "../service-error.ts";
import { StartError } from "../start-error.ts";
import type { BundleStore } from "./bundle-store.ts";
import { LoadedModel, type LoadedModelParts } from "./loaded-model.ts";
import { requireMemory } from "./memory.ts";

export interface ModelsParts extends LoadedModelParts {
  readonly store: BundleStore;
  /** Of the bundle that ships. */
  readonly shippedDirectory: string;
  /** The bundle in force is loaded and warm, or no longer. */
  readonly onReady: (ready: boolean) => void;
}

/** In force, its successor or its former; and one that a worker with long streams still names. */
const LOADED_MOST = 3;
/** What nobody has named for so long is let go. */
const RELEASE_MS = 30_000;
const RELEASE_PERIOD_MS = 5_000;
const LOAD_MS = 30_000;
/** Where a bundle is named that is not known, the store is looked at again after so long. */
const LOOK_AGAIN_MS = 2_000;

/**
 * The models that are loaded, by the digest of their bundle. A call is answered by the very bundle that it names: while
 * one takes over from another both are there, and whichever filter asks gets the answers of its own.
 */
export class Models {
  readonly #parts: ModelsParts;
  readonly #shipped: string;
  readonly #loaded = new Map<string, LoadedModel>();
  readonly #loading = new Map<string, Promise<LoadedModel>>();
  #stored: ReadonlySet<string> = new Set();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  readonly #watch: FileWatch;
  readonly #timer: NodeJS.Timeout;
  #inForce: LoadedModel | null = null;
  #onChange: () => Promise<void> = async () => undefined;

  private constructor(parts: ModelsParts, shipped: string) {
    this.#parts = parts;
    this.#shipped = shipped;
    this.#watch = new FileWatch(() => this.#follow());
    this.#timer = setInterval(() => void this.#release(), RELEASE_PERIOD_MS);
  }

  /** Begins to load the bundle in force. @throws StartError `bundle` */
  static async open(parts: ModelsParts): Promise<Models> {
    const { store, shippedDirectory } = parts;
    try {
      const wish = await store.wish();
      const shipped = (await readBundle(shippedDirectory)).digest.toString("hex");
      const models = new Models(parts, shipped);
      models.#inForce = await models.#open(wish?.bundle ?? shipped);
      // What another release ships is asked for while filter and sidecar are upgraded one after the other.
      await store.add(shippedDirectory).then(() => store.prune([shipped]), logNotKept);
      await models.#look();
      return models;
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new StartError("bundle", (error as Error).message);
    }
  }

  get inForce(): LoadedModel {
    return this.#inForce as LoadedModel;
  }

  /** Takes up every other bundle that is wished for from now on, and then does `onChange`. */
  follow(onChange: () => Promise<void>): void {
    this.#onChange = onChange;
    this.#watch.watch([this.#parts.store.wishFile]);
  }

  /** Calls that wait for a model. */
  get queued(): number {
    return [...this.#loaded.values()].reduce((sum, { queue }) => sum + queue.length, 0);
  }

  get digests(): readonly string[] {
    return [...this.#loaded.keys()];
  }

  /** Of the bundles that it could load. */
  get stored(): readonly string[] {
    return [...this.#stored];
  }

  /**
   * The loaded bundle of this digest.
   * @throws ServiceError `failed_precondition`: it is not known; `unavailable`: it is being loaded
   */
  find(digest: Buffer): LoadedModel {
    const name = digest.toString("hex");
    const loaded = this.name(name);
    if (loaded?.ready) return loaded;
    if (loaded !== null || this.#loading.has(name)) throw new ServiceError("unavailable", "the model is not ready");
    throw new ServiceError(
      "failed_precondition",
      `the filter's bundle is ${name || "none"}, the sidecar has ${this.digests.join(", ")} [wrong_pair]`,
    );
  }

  /** A worker has this bundle: it stays loaded, or is loaded where it is in the store and there is room. */
  name(digest: string): LoadedModel | null {
    const loaded = this.#loaded.get(digest);
    if (loaded !== undefined) {
      loaded.namedAtMs = performance.now();
      return loaded;
    }
    if (digest.length === 0) return null;
    if (!this.#stored.has(digest)) {
      if (performance.now() - this.#lookedAtMs > LOOK_AGAIN_MS) void this.#look();
    } else if (this.#loaded.size + this.#loading.size < LOADED_MOST) {
      this.#load(digest).catch(({ message }: Error) => {
        this.#stored = new Set([...this.#stored].filter((other) => other !== digest));
        logEvent("error", "model_not_loaded", { message });
      });
    }
    return null;
  }

  /** Loads a bundle of the store beside the others, and waits until it is warm. @throws Error it can't be */
  async load(digest: string): Promise<LoadedModel> {
    const loaded = this.#loaded.get(digest) ?? (await this.#load(digest));
    loaded.namedAtMs = performance.now();
    if (await loaded.isReadyWithin(LOAD_MS)) return loaded;
    if (loaded !== this.#inForce) await this.#drop(loaded);
    throw new Error(`the model was not ready within ${LOAD_MS / 1000} s`);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#watch.close();
    await Promise.all([...this.#loaded.values()].map((loaded) => loaded.close()));
  }

  #load(digest: string): Promise<LoadedModel> {
    const under = this.#loading.get(digest);
    if (under !== undefined) return under;
    const loading = this.#makeRoom()
      .then(requireMemory)
      .then(() => this.#open(digest))
      .finally(() => this.#loading.delete(digest));
    this.#loading.set(digest, loading);
    return loading;
  }

  async #open(digest: string): Promise<LoadedModel> {
    const { store, shippedDirectory } = this.#parts;
    const directory = digest === this.#shipped ? shippedDirectory : store.directoryOf(digest);
    const loaded = await LoadedModel.open(directory, this.#parts, (of, ready) => this.#readiness(of, ready));
    if (loaded.digest !== digest) {
      await loaded.close();
      throw new StartError("bundle", `bundle ${directory}: it is ${loaded.digest}`);
    }
    this.#loaded.set(digest, loaded);
    return loaded;
  }

  #readiness(loaded: LoadedModel, ready: boolean): void {
    const { digest } = loaded;
    logEvent("info", ready ? "model_ready" : "model_not_ready", {
      bundle: digest,
      uptimeMs: Math.round(process.uptime() * 1000),
    });
    if (digest === this.#inForce?.digest) this.#parts.onReady(ready);
  }

  /** What can't be loaded leaves the bundle in force. */
  async #follow(): Promise<void> {
    try {
      const wish = await this.#parts.store.wish();
      const wished = wish?.bundle ?? this.#shipped;
      // One that is in force may take its time: a slow board needs longer for its first model.
      if (wished === this.#inForce?.digest) return;
      const loaded = await this.load(wished);
      this.#inForce = loaded;
      this.#parts.onReady(loaded.ready);
      logEvent("info", "model_in_force", { bundle: loaded.digest });
      await this.#onChange();
    } catch (error) {
      logEvent("error", "model_not_followed", { message: (error as Error).message });
    }
  }

  async #release(): Promise<void> {
    const before = performance.now() - RELEASE_MS;
    for (const loaded of this.#loaded.values()) {
      if (loaded !== this.#inForce && loaded.namedAtMs < before) await this.#drop(loaded);
    }
  }

  /** Lets the one go that was named least recently, where there are as many as there may be. */
  async #makeRoom(): Promise<void> {
    if (this.#loaded.size < LOADED_MOST) return;
    const [oldest] = [...this.#loaded.values()]
      .filter((loaded) => loaded !== this.#inForce)
      .sort((a, b) => a.namedAtMs - b.namedAtMs);
    if (oldest !== undefined) await this.#drop(oldest);
  }

  async #drop(loaded: LoadedModel): Promise<void> {
    this.#loaded.delete(loaded.digest);
    await loaded.close();
    logEvent("info", "model_released", { bundle: loaded.digest });
  }

  async #look(): Promise<void> {
    this.#lookedAtMs = performance.now();
    this.#stored = new Set([this.#shipped, ...(await this.#parts.store.digests())]);
  }
}

function logNotKept({ message }: Error): void {
  logEvent("error", "bundle_not_kept", { message });
}
