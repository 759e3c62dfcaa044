import { stat } from "node:fs/promises";
import { FileWatch } from "../file-watch.ts";
import { FileRefusal, readBoundedText } from "../policy/bounded-file.ts";
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
      // Asked for first: of a file that is replaced meanwhile the list counts as older than it is.
      const { mtimeMs } = await stat(this.path);
      const text = await readBoundedText(this.path, FILE_MOST_BYTES);
      // Nothing is awaited from the count on until the list is handed on: it would be too much beside one revoked meanwhile.
      const writtenMs = Math.max(1, Math.round(mtimeMs));
      listed = { revocations: parseList(text, this.#entriesMost()), writtenMs };
    } catch (error) {
      const { message } = error as Error;
      this.#onRefused(error instanceof FileRefusal ? message : `${this.path}: ${message}`);
      return;
    }
    await this.#onListed(listed);
  }

  close(): Promise<void> {
    return this.#watch.close();
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
