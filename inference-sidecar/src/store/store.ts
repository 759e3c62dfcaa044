import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { writeDurably } from "../durable-file.ts";
import { logEvent } from "../process-log.ts";
import { StartError } from "../start-error.ts";
import { Table } from "./table.ts";

/** Largest size of the file; it grows as it is filled. */
const MAP_BYTES = 256 * 1024 * 1024;
const TABLES_MOST = 16;
const ATTEMPTS_MOST = 3;
/** Of what the tables hold: a release that would misread an older one's raises it, and converts. */
const FORMAT = 1;

/** The sidecar's own state, `STATE/store`: what is written is on the disk when the promise of the write resolves. */
export class Store {
  readonly #root: RootDatabase;
  readonly #attempts: string;

  private constructor(root: RootDatabase, attempts: string) {
    this.#root = root;
    this.#attempts = attempts;
  }

  /** @throws StartError `state_directory` */
  static async open(stateDirectory: string): Promise<Store> {
    const folder = join(stateDirectory, "store");
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, "state.mdb");
      const attempts = join(folder, "attempts");
      const begun = join(folder, "begun");
      await requireContent(path, begun, folder);
      await countAttempt(attempts, folder);
      // A commit includes its fsync: nothing is acknowledged before it would outlast a loss of power.
      const root = open({
        path,
        mapSize: MAP_BYTES,
        maxDbs: TABLES_MOST,
        overlappingSync: false,
        // Its batch makes a promise that nobody has: where a commit fails, it would end the process.
        eventTurnBatching: false,
        encoding: "json",
      });
      await chmod(path, 0o600);
      await requireFormat(root, attempts);
      if (!existsSync(begun)) await writeDurably(begun, "");
      return new Store(root, attempts);
    } catch (error) {
      throw new StartError("state_directory", `${folder}: ${(error as Error).message}`);
    }
  }

  /** A table of its own for each concern. */
  table<Value>(name: string): Table<Value> {
    return new Table(this.#root.openDB<Value, string>({ name, encoding: "json" }));
  }

  /** All that a start reads of it has been read: it is not what ends this process. */
  wasRead(): Promise<void> {
    return rm(this.#attempts, { force: true });
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/**
 * A damaged file ends the process in the middle of a read, by a signal and without a word. Starts that came to no end are
 * counted in a file beside it; what `Store.wasRead` says ends the count.
 * @throws Error there were three of them
 */
async function countAttempt(path: string, folder: string): Promise<void> {
  const before = Number(await readFile(path, "utf8").catch(() => "0")) || 0;
  if (before >= ATTEMPTS_MOST) {
    throw new Error(
      `${before} starts ended while they read this store: it seems to be damaged. Move ${folder} away, and routes begin where ` +
        `the policy has them, without the revocations and reviews that were in it; or remove ${path} to try it once more`,
    );
  }
  // On a full disk, say, nothing is counted: that is no reason to go without what is remembered.
  await writeFile(path, String(before + 1), { mode: 0o600 }).catch(({ message }: Error) =>
    logEvent("error", "start_not_counted", { message }),
  );
}

/**
 * A file without a byte opens as a new store. So it may, where a first start ended before it wrote; `begun` beside it says
 * that the store was written.
 * @throws Error the file is gone or empty, and was not; or that of the file system
 */
async function requireContent(path: string, begun: string, folder: string): Promise<void> {
  if (!existsSync(begun)) return;
  const bytes = await stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return 0;
    },
  );
  if (bytes > 0) return;
  throw new Error(
    `${path} is gone or empty, and had been written: its moves, revocations and reviews are lost. Put back a copy of it, or ` +
      `move ${folder} away, and routes begin where the policy has them, without the revocations and reviews that were in it`,
  );
}

/** A store that does not say its format is of the first. @throws Error it is of another, and was read so far; nothing of it is changed */
async function requireFormat(root: RootDatabase, attempts: string): Promise<void> {
  const about = root.openDB<number, string>({ name: "about", encoding: "json" });
  const format = about.get("format");
  if (format === undefined) await about.put("format", FORMAT);
  else if (format !== FORMAT) {
    await root.close();
    await rm(attempts, { force: true });
    throw new Error(`it is of format ${format}, this release reads ${FORMAT}: go back to the release that wrote it`);
  }
}
