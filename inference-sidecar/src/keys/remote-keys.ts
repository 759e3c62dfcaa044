import { createRemoteJWKSet, customFetch } from "jose";
import { type KeyUse, usableKeys } from "../policy/keys.ts";
import type { VerificationKey } from "../policy/policy.ts";
import type { ProblemCode } from "../policy/problem-codes.ts";
import { fetchKeySet } from "./key-fetch.ts";

/** Between two attempts that tokens ask for. */
const COOL_DOWN_MS = 5_000;
const FETCH_MS = 10_000;
/** After a failure; doubled with each further one, up to `RETRY_MOST_MS` or the refresh period. */
const RETRY_MS = 5_000;
/** However long an issuer was away, its keys are there so soon after it is back. */
const RETRY_MOST_MS = 300_000;
/** The same while there is no key yet: nobody is let in, and what carries the connection may just be starting. */
const FIRST_RETRY_MS = 250;

export interface FetchedKeys {
  readonly keys: readonly VerificationKey[];
  /** Unix milliseconds. */
  readonly fetchedMs: number;
}

export interface RemoteKeysOptions {
  readonly uri: string;
  readonly refreshMs: number;
  readonly use: KeyUse;
  /** See `FetchOptions`. */
  readonly egressDirectory: string | null;
  /** What is known from before; null: nothing. */
  readonly known: FetchedKeys | null;
  readonly onFetched: (fetched: FetchedKeys) => Promise<void>;
  readonly onFailed: (error: Error) => void;
}

/** The keys of one issuer by `jwks.uri`: fetched now, then each refresh period, and early where a token names an unknown key. */
export class RemoteKeys {
  #known: FetchedKeys | null;
  #attempt: Promise<void> | null = null;
  #attemptedMs = Number.NEGATIVE_INFINITY;
  /** When the next attempt is due. */
  #dueMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #options: RemoteKeysOptions;
  readonly #set: ReturnType<typeof createRemoteJWKSet>;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
    this.#known = options.known;
    const { egressDirectory } = options;
    this.#set = createRemoteJWKSet(new URL(options.uri), {
      timeoutDuration: FETCH_MS,
      [customFetch]: (uri, { signal }) => fetchKeySet(new URL(uri), { egressDirectory, signal }),
    });
    void this.#fetch();
  }

  /** The last good set; null: there was none. */
  get known(): FetchedKeys | null {
    return this.#known;
  }

  /**
   * A token names this key. Resolves at once where it is known or the last attempt was just now, and then the set is fetched
   * as soon as the cool-down is over; else once it has been fetched, or could not be.
   */
  async find(kid: string): Promise<void> {
    if (this.#attempt === null && this.#isFresh() && this.#known?.keys.some((key) => key.kid === kid)) return;
    const mayMs = this.#attemptedMs + COOL_DOWN_MS;
    if (this.#attempt !== null || performance.now() >= mayMs) await this.#fetch();
    else if (mayMs < this.#dueMs) this.#schedule(mayMs - performance.now());
  }

  /** By the clock as the filter sees it: that may be set ahead, or go on while the machine sleeps, and timers don't. */
  #isFresh(): boolean {
    return this.#known !== null && Math.abs(Date.now() - this.#known.fetchedMs) < this.#options.refreshMs;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #fetch(): Promise<void> {
    this.#attempt ??= this.#tryToFetch().finally(() => {
      this.#attempt = null;
    });
    return this.#attempt;
  }

  async #tryToFetch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#attemptedMs = performance.now();
    const { refreshMs, use, onFetched, onFailed } = this.#options;
    try {
      await this.#set.reload();
      const fetched = { keys: fetchedKeys(this.#set.jwks(), use), fetchedMs: Date.now() };
      if (this.#closed) return;
      this.#known = fetched;
      this.#failures = 0;
      await onFetched(fetched);
      this.#schedule(refreshMs);
    } catch (error) {
      if (this.#closed) return;
      onFailed(error as Error);
      const first = this.#known === null ? FIRST_RETRY_MS : RETRY_MS;
      this.#schedule(Math.min(refreshMs, RETRY_MOST_MS, first * 2 ** this.#failures++));
    }
  }

  #schedule(milliseconds: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#dueMs = performance.now() + milliseconds;
    this.#timer = setTimeout(() => void this.#fetch(), milliseconds).unref();
  }
}

/**
 * As of the key set of a policy, but keys that are unknown, weak or broken are left out (RFC 7517 section 5): they are no use
 * to anyone, and those beside them are.
 * @throws Error a private or secret key, no usable key, or no key set
 */
export function fetchedKeys(set: unknown, use: KeyUse): readonly VerificationKey[] {
  const problems: { readonly code: ProblemCode; readonly message: string }[] = [];
  const keys = usableKeys(set, use, (code, _path, message) => problems.push({ code, message }));
  if (keys.length > 0 && !problems.some(({ code }) => code === "key_private")) return keys;
  const said = problems.map(({ message }) => message).join("; ");
  throw new Error(said || "it has no key for the issuer's algorithms");
}
