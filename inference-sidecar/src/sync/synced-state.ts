import { writeDurably } from "../durable-file.ts";
import type { WireIssuerKeys } from "../keys/issuer-keys.ts";
import { logEvent } from "../process-log.ts";
import type { WireRevocations } from "../revocation/revocations.ts";
import { Turns } from "../turns.ts";

/** postern.v1.Rung */
export type WireRung = "OBSERVE" | "DETECT" | "PREVENT" | "ADAPT";

/** postern.v1.RouteState */
export interface RouteState {
  readonly route: string;
  readonly mode: WireRung;
  readonly rung: WireRung;
  readonly canary: { readonly rung: WireRung; readonly shareMillionths: number; readonly salt: Buffer } | null;
  readonly modelDenyMillionths: number;
}

/** What of postern.v1.SyncState each concern sets as a whole. */
export interface SyncSections {
  /** Sorted by the bytes of their names. */
  readonly routes: readonly RouteState[];
  /** 32 bytes; empty: no probes are made. */
  readonly selfTestKey: Buffer;
  /** Sorted by the issuers' names. */
  readonly keys: readonly WireIssuerKeys[];
  readonly revocations: WireRevocations;
}

/** postern.v1.SyncResponse */
export interface SyncResponse {
  readonly state?: SyncSections & { readonly version: number };
  /** The call may carry another question. */
  readonly takesMore?: true;
}

/** More than every route in a canary, 32 issuers full of keys and all revocations take together. */
const STATE_MOST_BYTES = 4 * 1024 * 1024;
/** What the disk did not take is written after so long. */
const RETRY_MS = 2_000;

/**
 * What the workers of Envoy are to have, in its latest version. It also lies in a file, from which `postern up` gives it
 * to an Envoy that starts: so a change holds from the first request on.
 */
export class SyncedState {
  #sections: SyncSections = {
    routes: [],
    selfTestKey: Buffer.alloc(0),
    keys: [],
    revocations: { entries: Buffer.alloc(0), writtenUnixMs: 0 },
  };
  #version = 0;
  #closed = false;
  readonly #waiting = new Set<() => void>();
  #encoded: Buffer = Buffer.alloc(0);
  #retry: NodeJS.Timeout | null = null;
  readonly #turns = new Turns();
  readonly #encode: (response: SyncResponse) => Buffer;
  readonly #file: string;

  constructor(encode: (response: SyncResponse) => Buffer, file: string) {
    this.#encode = encode;
    this.#file = file;
  }

  get version(): number {
    return this.#version;
  }

  /**
   * Replaces a section. Workers get it from now on; the promise resolves once the file has it as well.
   * @throws RangeError the state would have more than 4 MiB; it stays as it was. Or the error of the file system: workers have
   * it, and the file as soon as the disk takes it
   */
  set<Name extends keyof SyncSections>(name: Name, value: SyncSections[Name]): Promise<void> {
    const sections = { ...this.#sections, [name]: value };
    // Beyond those of every run before, without a memory of them.
    const version = Math.max(this.#version + 1, Date.now());
    const encoded = this.#encode({ state: { version, ...sections } });
    if (encoded.length > STATE_MOST_BYTES) {
      return Promise.reject(new RangeError(`the workers' state would have ${encoded.length} bytes, at most 4 MiB`));
    }
    this.#sections = sections;
    this.#version = version;
    this.#encoded = encoded;
    this.#wake();
    return this.#keep();
  }

  /** What a worker that has `version` is answered. */
  since(version: number): SyncResponse {
    if (this.#isCurrent(version)) return {};
    return { state: { version: this.#version, ...this.#sections } };
  }

  /** Resolves when `version` is current no longer, at most so much later. */
  async isNotCurrent(version: number, millis: number): Promise<void> {
    if (this.#closed || millis === 0 || !this.#isCurrent(version)) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, millis);
      this.#waiting.add(end);
    });
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry ?? undefined);
    this.#wake();
  }

  /** Has the file hold what is newest by then. */
  #keep(): Promise<void> {
    return this.#turns.take(async () => {
      try {
        await writeDurably(this.#file, this.#encoded);
      } catch (error) {
        logEvent("error", "sync_state_not_kept", { message: (error as Error).message });
        this.#keepLater();
        throw error;
      }
    });
  }

  #keepLater(): void {
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      // It says itself what fails.
      this.#keep().catch(() => undefined);
    }, RETRY_MS).unref();
  }

  #isCurrent(version: number): boolean {
    return this.#version === 0 || version === this.#version;
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}
