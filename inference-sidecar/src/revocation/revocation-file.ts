import { open } from "node:fs/promises";
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
      const { text, writtenMs } = await readText(this.path);
      // Nothing is awaited from the count on until the list is handed on: it would be too much beside one revoked meanwhile.
      listed = { revocations: parseList(text, this.#entriesMost()), writtenMs };
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

async function readText(path: string): Promise<{ text: string; writtenMs: number }> {
  const file = await open(path);
  try {
    const { size, mtimeMs } = await file.stat();
    if (size > FILE_MOST_BYTES) throw new RangeError(`more than ${FILE_MOST_BYTES} bytes`);
    return { text: await file.readFile("utf8"), writtenMs: Math.max(1, Math.round(mtimeMs)) };
  } finally {
    await file.close();
  }
}

/** @throws Error it is no such list, or too long */
function parseList(text: string, entriesMost: number): Revocation[] {
  const { revocations } = JSON.parse(text) as { revocations?: unknown };
  if (!Array.isArray(revocations)) throw new RangeError('expected {"revocations": [ … ]}');
  if (revocations.length > entriesMost)
    throw new RangeError(`${revocations.length} revocations, at most ${entriesMost}`);
  return revocations.map((value, index) => {
    try {
      return readRevocation(value);
    } catch (error) {
      throw new RangeError(`revocation ${index + 1}: ${(error as Error).message}`);
    }
  });
}
