import { randomBytes } from "node:crypto";
import type { PolicyInForce } from "../policy/in-force.ts";
import { logEvent } from "../process-log.ts";
import { Turns } from "../turns.ts";
import { packEntries } from "./entries.ts";
import type { Revocation } from "./revocation.ts";
import { type ListedRevocations, RevocationFile } from "./revocation-file.ts";

/** As many as the filter takes, of an operator and of the file together. */
const REVOCATIONS_MOST = 10_000;
/** The key under which the store has them. */
const ALL = "all";
/** In the place of the time of a file that has never been read: older than anything. */
const NEVER_MS = 1;

/** One that an operator made. */
export interface StoredRevocation extends Revocation {
  readonly id: string;
  /** RFC 3339. */
  readonly revokedAt: string;
}

/** postern.v1.Revocations */
export interface WireRevocations {
  readonly entries: Buffer;
  readonly writtenUnixMs: number;
}

/** The part of a store's table that is used here. */
interface RevocationTable {
  get(key: string): readonly StoredRevocation[] | undefined;
  put(key: string, revocations: readonly StoredRevocation[]): Promise<unknown>;
}

/** What is revoked: by operators, kept in the store, and by the file that the policy names. */
export class Revocations {
  readonly #byOperator = new Map<string, StoredRevocation>();
  readonly #turns = new Turns();
  readonly #table: RevocationTable;
  readonly #publish: (revocations: WireRevocations) => Promise<void>;
  #file: RevocationFile | null = null;
  #listed: ListedRevocations | null = null;

  constructor(table: RevocationTable, publish: (revocations: WireRevocations) => Promise<void>) {
    this.#table = table;
    this.#publish = publish;
    for (const revocation of table.get(ALL) ?? []) this.#byOperator.set(revocation.id, revocation);
  }

  get size(): number {
    return this.#byOperator.size + (this.#listed?.revocations.length ?? 0);
  }

  /** Of the file's content, seconds; NaN: there is no file, or none that could be read. */
  get ageSeconds(): number {
    return this.#listed ? (Date.now() - this.#listed.writtenMs) / 1000 : Number.NaN;
  }

  /** Oldest first. */
  list(): StoredRevocation[] {
    return [...this.#byOperator.values()].sort((a, b) => (a.revokedAt < b.revokedAt ? -1 : 1));
  }

  /** Watches the file of another policy. */
  async follow({ policy }: PolicyInForce): Promise<void> {
    const path = policy.revocation?.file ?? null;
    if (path !== (this.#file?.path ?? null)) {
      await this.close();
      this.#listed = null;
      this.#file = path === null ? null : this.#watch(path);
      await this.#file?.read();
    }
    await this.#change();
  }

  /** @throws RangeError there are too many; or the store's error, and nothing is revoked then */
  add(revocation: Revocation): Promise<StoredRevocation> {
    return this.#turns.take(async () => {
      if (this.size >= REVOCATIONS_MOST)
        throw new RangeError(`there are ${this.size} revocations already, the most there may be`);
      const stored = { id: randomBytes(6).toString("hex"), revokedAt: new Date().toISOString(), ...revocation };
      // Counted at once: a file that is read meanwhile is to leave it room.
      this.#byOperator.set(stored.id, stored);
      try {
        await this.#table.put(ALL, this.list());
      } catch (error) {
        this.#byOperator.delete(stored.id);
        // A file that was read meanwhile has told the workers of it.
        await this.#change().catch(() => undefined);
        throw error;
      }
      logEvent("info", "revoked", { ...stored });
      await this.#change();
      return stored;
    });
  }

  /** Null: an operator made none with that id. @throws the store's error, and it stays in force then */
  undo(id: string): Promise<StoredRevocation | null> {
    return this.#turns.take(async () => {
      const stored = this.#byOperator.get(id);
      if (!stored) return null;
      const left = this.list().filter((other) => other !== stored);
      await this.#table.put(ALL, left);
      this.#byOperator.delete(id);
      logEvent("info", "revocation_undone", { ...stored });
      await this.#change();
      return stored;
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  #watch(path: string): RevocationFile {
    const onListed = async (listed: ListedRevocations) => {
      this.#listed = listed;
      await this.#change();
    };
    const most = () => REVOCATIONS_MOST - this.#byOperator.size;
    return new RevocationFile(path, most, onListed, (message) =>
      logEvent("error", "revocations_unreadable", { message }),
    );
  }

  #change(): Promise<void> {
    const revocations = [...this.#byOperator.values(), ...(this.#listed?.revocations ?? [])];
    const writtenUnixMs = this.#file === null ? 0 : (this.#listed?.writtenMs ?? NEVER_MS);
    return this.#publish({ entries: packEntries(revocations), writtenUnixMs });
  }
}
