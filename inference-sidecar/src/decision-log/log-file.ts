import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatedNames } from "../dated-names.ts";
import { syncFolder } from "../durable-file.ts";

const NAMES = new DatedNames(/^decisions-(\d{4}-\d{2}-\d{2})-(\d{1,9})\.jsonl$/, (of) => `decisions-${of}.jsonl`);
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The names of the log's files, oldest first. */
export async function logFiles(directory: string): Promise<string[]> {
  return inOrder(await readdir(directory));
}

/** Those of them that are names of log files, oldest first. */
export function inOrder(names: readonly string[]): string[] {
  return NAMES.sorted(names);
}

export function isLogFile(name: string): boolean {
  return inOrder([name]).length > 0;
}

/** The UTC date in a file's name, `2026-11-22`. */
export function dateOf(name: string): string {
  return NAMES.dateOf(name);
}

/** STATE/log. */
export async function makeLogDirectory(stateDirectory: string): Promise<string> {
  const directory = join(stateDirectory, "log");
  await mkdir(directory, { recursive: true, mode: 0o750 });
  return directory;
}

/** One file of the decision log, `decisions-<UTC date>-<n>.jsonl`, appended to by one run of the sidecar. */
export class LogFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #size = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** The next one, so that the order of names is that of the chain. */
  static async create(directory: string, today: string): Promise<LogFile> {
    const newest = (await logFiles(directory)).at(-1) ?? "";
    const path = join(directory, NAMES.next(newest, today));
    const file = new LogFile(path, await open(path, NEW_FILE, 0o600));
    await syncFolder(directory);
    return file;
  }

  get name(): string {
    return basename(this.path);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * One write.
   * @throws the error of the file system; the file is as it was before and closed then, and gone if it was new: no line
   * is ever torn, and a disk that stays full gathers no files
   */
  async append(bytes: Buffer): Promise<void> {
    try {
      const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.#size);
      if (bytesWritten !== bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes were written`);
      this.#size += bytes.length;
    } catch (error) {
      await this.#handle.truncate(this.#size).catch(() => undefined);
      await this.close().catch(() => undefined);
      if (this.#size === 0) await unlink(this.path).catch(() => undefined);
      throw error;
    }
  }

  /** It was removed from its folder: what is written now nobody will read. */
  async isGone(): Promise<boolean> {
    return (await this.#handle.stat()).nlink === 0;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#handle.close();
    }
  }
}
