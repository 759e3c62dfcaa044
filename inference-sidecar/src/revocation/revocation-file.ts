import { type FileHandle, open } from "node:fs/promises";
import { FileWatch } from "../file-watch.ts";
import { type Revocation, readRevocation } from "./revocation.ts";

const FILE_MOST_BYTES = 4 * 1024 * 1024;

/** What a file said when it was last sound. */
export interface ListedRevocations {
  readonly revocations: readonly Revocation[];
  /** When it was written, Unix milliseconds, 1 at least: 0 would say that there is no file. */
  readonly writtenMs: number;
}

/** Watches a file `{"revocations": [ … ]}`. `entriesMost`: how many it may have now. `onRefused`: it is not sound, and what it said before stays. */
export class RevocationFile {
  readonly path: string;
  readonly #watch: FileWatch;
  readonly #entriesMost: () => number;
  readonly #onListed: (listed: ListedRevocations) => Promise<void>;
  readonly #onRefused: (message: string) => void;

  constructor(
    path: string,
    entriesMost: () => number,
    onListed: (listed: ListedRevocations) => Promise<void>,
    onRefused: (message: string) => void,
  ) {
    this.path = path;
    this.#entriesMost = entriesMost;
    this.#onListed = onListed;
    this.#onRefused = onRefused;
    this.#watch = new FileWatch(() => this.read());
    this.#watch.watch([path]);
  }

  /** @throws what `onListed` throws; where the watch reads, it has it done again */
  async read(): Promise<void> {
    let listed: ListedRevocations;
    try {
      listed = await readList(this.path, this.#entriesMost());
    } catch (error) {
      this.#onRefused(`${this.path}: ${(error as Error).message}`);
      return;
    }
    await this.#onListed(listed);
  }

  close(): Promise<void> {
    return this.#watch.close();
  }
}

async function readList(path: string, entriesMost: number): Promise<ListedRevocations> {
  const file = await open(path);
  try {
    return await readOpened(file, entriesMost);
  } finally {
    await file.close();
  }
}

async function readOpened(file: FileHandle, entriesMost: number): Promise<ListedRevocations> {
  const { size, mtimeMs } = await file.stat();
  if (size > FILE_MOST_BYTES) throw new RangeError(`more than ${FILE_MOST_BYTES} bytes`);
  const { revocations } = JSON.parse(await file.readFile("utf8")) as { revocations?: unknown };
  if (!Array.isArray(revocations)) throw new RangeError('expected {"revocations": [ … ]}');
  if (revocations.length > entriesMost)
    throw new RangeError(`${revocations.length} revocations, at most ${entriesMost}`);
  const read = revocations.map((value, index) => {
    try {
      return readRevocation(value);
    } catch (error) {
      throw new RangeError(`revocation ${index + 1}: ${(error as Error).message}`);
    }
  });
  return { revocations: read, writtenMs: Math.max(1, Math.round(mtimeMs)) };
}
