import type { Database } from "lmdb";

/** What one concern keeps in the store: values are JSON, keys at most 1,900 bytes. */
export class Table<Value> {
  readonly #database: Database<Value, string>;

  constructor(database: Database<Value, string>) {
    this.#database = database;
  }

  get(key: string): Value | undefined {
    return this.#database.get(key);
  }

  has(key: string): boolean {
    return this.#database.doesExist(key);
  }

  /** As it is now, in the order of the keys. */
  entries(): [key: string, value: Value][] {
    return [...this.#database.getRange()].map(({ key, value }) => [key, value]);
  }

  /** Resolves once it is on the disk. @throws Error why it is not: the file has what it had before */
  put(key: string, value: Value): Promise<void> {
    return committed(this.#database.put(key, value));
  }

  /** As `put`. */
  remove(key: string): Promise<void> {
    return committed(this.#database.remove(key));
  }
}

/** The reason comes as a promise of its own, which nobody else looks at: unhandled it would end the process. */
async function committed(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<never> };
    throw await (commitError ?? Promise.reject(error)).catch((reason: unknown) => reason);
  }
}
