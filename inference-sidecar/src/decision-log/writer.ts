import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^decisions-(\d{4}-\d{2}-\d{2})-(\d{1,9})\.jsonl$/;
/** The names of a day sort as text, too. */
const NUMBER_DIGITS = 4;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly date: string;
  size: number;
}

/** The names of the log's files, oldest first. */
export async function logFiles(directory: string): Promise<string[]> {
  const found = (await readdir(directory)).filter((name) => NAME.test(name));
  return found.sort((a, b) => dateOf(a).localeCompare(dateOf(b)) || numberOf(a) - numberOf(b));
}

/**
 * Appends lines to `decisions-<UTC date>-<n>.jsonl`. A file belongs to one run of the sidecar, begins with its first line
 * and ends at `rotationBytes` or midnight. After a failed write the file is as it was before, and gone
 * if it was new: no line is ever torn, and a disk that stays full gathers no files.
 */
export class LogWriter {
  readonly #directory: string;
  readonly #rotationBytes: number;
  readonly #now: () => Date;
  #file: OpenFile | null = null;
  #previous: Promise<void> = Promise.resolve();

  constructor(directory: string, rotationBytes: number, now = () => new Date()) {
    this.#directory = directory;
    this.#rotationBytes = rotationBytes;
    this.#now = now;
  }

  /** One write, after those before it. @throws the error of the file system; nothing was appended then */
  append(lines: string): Promise<void> {
    return this.#inTurn(() => this.#append(Buffer.from(lines)));
  }

  /** After the writes before it. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#close());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#previous.then(work);
    this.#previous = done.catch(() => undefined);
    return done;
  }

  async #append(bytes: Buffer): Promise<void> {
    const file = await this.#fileFor(bytes.length);
    try {
      const { bytesWritten } = await file.handle.write(bytes, 0, bytes.length, file.size);
      if (bytesWritten !== bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes were written`);
      file.size += bytes.length;
    } catch (error) {
      await file.handle.truncate(file.size).catch(() => undefined);
      await this.#close().catch(() => undefined);
      if (file.size === 0) await unlink(file.path).catch(() => undefined);
      throw error;
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    try {
      await file.handle.datasync();
    } finally {
      await file.handle.close();
    }
  }

  async #fileFor(bytes: number): Promise<OpenFile> {
    const date = this.#now().toISOString().slice(0, 10);
    const file = this.#file;
    if (file !== null && file.date === date && (file.size === 0 || file.size + bytes <= this.#rotationBytes))
      return file;
    await this.#close();
    const path = await this.#nextPath(date);
    this.#file = { handle: await open(path, NEW_FILE, 0o600), path, date, size: 0 };
    return this.#file;
  }

  async #nextPath(date: string): Promise<string> {
    const ofDate = (await logFiles(this.#directory)).filter((name) => dateOf(name) === date);
    const newest = ofDate.at(-1);
    const number = newest === undefined ? 1 : numberOf(newest) + 1;
    return join(this.#directory, `decisions-${date}-${String(number).padStart(NUMBER_DIGITS, "0")}.jsonl`);
  }
}

/** STATE/log. */
export async function makeLogDirectory(stateDirectory: string): Promise<string> {
  const directory = join(stateDirectory, "log");
  await mkdir(directory, { recursive: true, mode: 0o750 });
  return directory;
}

function dateOf(name: string): string {
  return NAME.exec(name)?.[1] ?? "";
}

function numberOf(name: string): number {
  return Number(NAME.exec(name)?.[2] ?? 0);
}
