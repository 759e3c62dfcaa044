import { algorithmBits, type PublicKeyAlgorithm } from "../policy/algorithms.ts";
import type { PolicyInForce } from "../policy/in-force.ts";
import type { KeyUse } from "../policy/keys.ts";
import type { KeySource } from "../policy/policy.ts";
import { logEvent } from "../process-log.ts";
import { type FetchOutcome, failureOutcome } from "./fetch-outcome.ts";
import { type FetchedKeys, RemoteKeys } from "./remote-keys.ts";

/** postern.v1.IssuerKeys */
export interface WireIssuerKeys {
  readonly issuer: string;
  readonly fetchedUnixMs: number;
  readonly keys: readonly { readonly kid: string; readonly algorithms: number; readonly spki: Uint8Array }[];
  readonly uri: string;
}

/** What is kept of a key set, so that a start without the issuer has it: JSON. */
export interface StoredKeys {
  readonly fetchedMs: number;
  readonly keys: readonly { readonly kid: string; readonly algorithms: readonly string[]; readonly spki: string }[];
}

/** The part of a store's table that is used here. */
interface KeyTable {
  get(uri: string): StoredKeys | undefined;
  put(uri: string, keys: StoredKeys): Promise<unknown>;
}

export interface IssuerKeysOptions {
  readonly table: KeyTable;
  readonly egressDirectory: string | null;
  /** Sorted by the issuers' names. */
  readonly publish: (keys: readonly WireIssuerKeys[]) => Promise<void>;
  /** Told of each attempt. */
  readonly onAttempt: (issuer: string, outcome: FetchOutcome) => void;
}

type KnownIssuer = PolicyInForce["policy"]["issuers"][number];

interface Followed {
  readonly source: string;
  readonly uri: string;
  readonly periodMs: number;
  readonly remote: RemoteKeys;
}

/** The key sets of every issuer of the policy in force whose keys come by `jwks.uri`. */
export class IssuerKeys {
  readonly #followed = new Map<string, Followed>();
  readonly #options: IssuerKeysOptions;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Follows another policy: sources that it has as well go on as they are. */
  async follow({ policy }: PolicyInForce): Promise<void> {
    const wanted = new Map(policy.issuers.map((issuer) => [issuer.name, issuer]));
    for (const [name, { source, periodMs, remote }] of this.#followed) {
      const issuer = wanted.get(name);
      if (sourceOf(issuer) === source && periodOf(issuer?.keySource) === periodMs) continue;
      remote.close();
      this.#followed.delete(name);
    }
    for (const [name, issuer] of wanted) {
      const source = sourceOf(issuer);
      if (source === null || issuer.keySource === null || this.#followed.has(name)) continue;
      const { keySource } = issuer;
      const remote = this.#open(name, source, keySource, useOf(issuer));
      this.#followed.set(name, { source, uri: keySource.uri, periodMs: periodOf(keySource), remote });
    }
    await this.#publish();
  }

  /** Of the keys that the issuer's tokens can name; null: nobody knows them all. */
  kidsOf({ name, algorithms, keySource, kids }: KnownIssuer): readonly string[] | null {
    // With a shared secret a token may name whatever key it likes.
    if (algorithms.includes("HS256")) return null;
    if (keySource === null) return kids ?? null;
    return this.#followed.get(name)?.remote.known?.keys.map(({ kid }) => kid) ?? null;
  }

  /** A token of the issuer names a key that a worker does not know. Resolves once there is nothing to wait for. */
  async find(issuer: string, kid: string): Promise<void> {
    await this.#followed.get(issuer)?.remote.find(kid);
  }

  close(): void {
    for (const { remote } of this.#followed.values()) remote.close();
  }

  #open(name: string, source: string, keySource: KeySource, use: KeyUse): RemoteKeys {
    const { uri } = keySource;
    const { table, egressDirectory, onAttempt } = this.#options;
    return new RemoteKeys({
      uri,
      refreshMs: periodOf(keySource),
      use,
      egressDirectory,
      known: restored(table.get(source)),
      onFetched: async (fetched) => {
        onAttempt(name, "fetched");
        await this.#publish();
        await table.put(source, storable(fetched));
      },
      onFailed: (error) => {
        const outcome = failureOutcome(error);
        onAttempt(name, outcome);
        logEvent("warn", "keys_not_fetched", { issuer: name, uri, outcome, message: error.message });
      },
    });
  }

  #publish(): Promise<void> {
    const known: WireIssuerKeys[] = [];
    for (const issuer of [...this.#followed.keys()].sort()) {
      const followed = this.#followed.get(issuer);
      const fetched = followed?.remote.known;
      if (!followed || !fetched) continue;
      const keys = fetched.keys.map((key) => ({ ...key, algorithms: algorithmBits(key.algorithms) }));
      known.push({ issuer, fetchedUnixMs: fetched.fetchedMs, keys, uri: followed.uri });
    }
    return this.#options.publish(known);
  }
}

function useOf({ algorithms, trustDomain }: KnownIssuer): KeyUse {
  return { algorithms, svids: trustDomain !== null };
}

/** Milliseconds from one fetch to the next: none waits until the set is too old, also where `maxAge` is no longer than `refresh`. */
function periodOf(source: KeySource | null | undefined): number {
  return source ? Math.min(source.refreshMs, 0.9 * source.maxAgeMs) : 0;
}

/** What the keys depend on: where they come from, and what they are read for. Null: they do not come by URI. */
function sourceOf(issuer: KnownIssuer | undefined): string | null {
  if (!issuer?.keySource) return null;
  return JSON.stringify([issuer.keySource.uri, useOf(issuer)]);
}

function storable({ fetchedMs, keys }: FetchedKeys): StoredKeys {
  return { fetchedMs, keys: keys.map((key) => ({ ...key, spki: Buffer.from(key.spki).toString("base64") })) };
}

function restored(stored: StoredKeys | undefined): FetchedKeys | null {
  if (stored === undefined) return null;
  const keys = stored.keys.map(({ kid, algorithms, spki }) => {
    return { kid, algorithms: algorithms as PublicKeyAlgorithm[], spki: Buffer.from(spki, "base64") };
  });
  return { fetchedMs: stored.fetchedMs, keys };
}
