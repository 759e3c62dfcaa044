import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { StartError } from "../start-error.ts";

/** Largest size of the file; it grows as it is filled. */
const MAP_BYTES = 256 * 1024 * 1024;
const TABLES_MOST = 16;
/** Of what the tables hold: a release that would misread an older one's raises it, and converts. */
const FORMAT = 1;

/** The sidecar's own state, `STATE/store`: what is written is on the disk when the promise of the write resolves. */
export class Store {
  readonly #root: RootDatabase;

  private constructor(root: RootDatabase) {
    this.#root = root;
  }

  /** @throws StartError `state_directory` */
  static async open(stateDirectory: string): Promise<Store> {
    const folder = join(stateDirectory, "store");
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, "state.mdb");
      // A commit includes its fsync: nothing is acknowledged before it would outlast a loss of power.
      const root = open({
        path,
        mapSize: MAP_BYTES,
        maxDbs: TABLES_MOST,
        overlappingSync: false,
        encoding: "json",
      });
      await chmod(path, 0o600);
      await requireFormat(root);
      return new Store(root);
    } catch (error) {
      throw new StartError("state_directory", `${folder}: ${(error as Error).message}`);
    }
  }

  /** A table of its own for each concern; values are JSON, keys at most 1,900 bytes. */
  table<Value>(name: string): Database<Value, string> {
    return this.#root.openDB<Value, string>({ name, encoding: "json" });
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** A store that does not say its format is of the first. @throws Error it is of another; nothing of it is changed */
async function requireFormat(root: RootDatabase): Promise<void> {
  const about = root.openDB<number, string>({ name: "about", encoding: "json" });
  const format = about.get("format");
  if (format === undefined) await about.put("format", FORMAT);
  else if (format !== FORMAT) {
    await root.close();
    throw new Error(`it is of format ${format}, this release reads ${FORMAT}: go back to the release that wrote it`);
  }
}
