import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { Turns } from "../turns.ts";
import type { ChainEnd } from "./chain.ts";
import { writeHeadFile } from "./head-file.ts";
import { dateOf, LogFile } from "./log-file.ts";
import { outdatedFiles, type RetentionLimits } from "./retention.ts";
import { type SealedLines, Sealer } from "./sealed-lines.ts";
import type { WorkerSequences } from "./sequences.ts";
import type { SigningKey } from "./signing-key.ts";
import { StandingLine } from "./standing-line.ts";

export interface SealedLogOptions extends RetentionLimits {
  readonly directory: string;
  readonly key: SigningKey;
  /** A file ends at this size, at a quarter of `retentionBytes`, or at midnight (UTC). */
  readonly rotationBytes: number;
  /** At most so long a line stands without a signed head after it. */
  readonly headMs: number;
  readonly sequences: WorkerSequences;
  /** Where the run before this one stopped. */
  readonly end: ChainEnd;
  /** Lines that it left without a signed head, bytes of a line that it left torn. */
  readonly unsealed: number;
  readonly torn: number;
  /** Whether a head holds the log already. */
  readonly signed: boolean;
  /** A head could not be written, or an outdated file not be removed; it is tried again. */
  readonly onUpkeepFailed: (error: Error) => void;
  readonly now?: () => Date;
}

/** What the head at a file's end may take. */
const HEAD_BYTES = 512;
/** A file has at most such a part of what all may have: what it may grow to is taken from those before it. */
const FILES = 4;

/**
 * The decision log: each line holds the hash of the one before it, and signed heads hold the chain (after Schneier and
 * Kelsey, "Secure audit logs to support computer forensics", 1999). A file begins with an `open` line that goes on from
 * the file before. What a reader can check is in `scripts/decision-log/verify.ts`.
 */
export class SealedLog {
  readonly #options: SealedLogOptions;
  readonly #fileBytes: number;
  #end: ChainEnd;
  #file: LogFile | null = null;
  #headTimer: NodeJS.Timeout | null = null;
  /** Repeated at the beginning of each file. */
  #standing: StandingLine[] = [];
  readonly #turns = new Turns();
  #signed: boolean;
  readonly #sealer = new Sealer();

  constructor(options: SealedLogOptions) {
    this.#options = options;
    this.#fileBytes = Math.min(options.rotationBytes, Math.floor(options.retentionBytes / FILES));
    this.#end = options.end;
    this.#signed = options.signed;
  }

  /**
   * One write, after those before it. `onWritten` runs before the next head, which tells the workers' progress, too; it is
   * given the lines as they stand in the file, what begins one among them, and must not keep them.
   * @throws the error of the file system; nothing was appended then
   */
  append(records: readonly object[], onWritten: (lines: Buffer) => void): Promise<void> {
    return this.#turns.take(() => this.#append(records, onWritten));
  }

  /** Appends a line that each file shall have: it says what the lines after it rest on. */
  declare(record: object): Promise<void> {
    return this.#turns.take(() => {
      this.#standing = [new StandingLine(record)];
      return this.#append(this.#file === null ? [] : this.#standing, () => undefined);
    });
  }

  /** What was appended would outlast a loss of power. */
  sync(): Promise<void> {
    return this.#turns.take(async () => this.#file?.sync());
  }

  /** Signs what is not signed yet and lets go of the file, after the writes before it. */
  close(): Promise<void> {
    return this.#turns.take(() => this.#closeFile());
  }

  async #append(records: readonly object[], onWritten: (lines: Buffer) => void): Promise<void> {
    const { directory } = this.#options;
    if (!this.#signed) await this.#signFirst();
    let sealed = this.#sealer.seal(records, this.#end);
    const due = (file: LogFile) => file.size + sealed.bytes.length + HEAD_BYTES > this.#fileBytes;
    if (this.#file !== null && (dateOf(this.#file.name) < this.#today() || due(this.#file))) await this.#closeFile();
    const begins = this.#file === null;
    const file = this.#file ?? (await LogFile.create(directory, this.#today()));
    if (begins) sealed = this.#sealer.seal([this.#opening(file), ...this.#standing, ...records], this.#end);
    await this.#write(file, sealed);
    onWritten(sealed.bytes);
    if (begins) await this.#removeOutdated().catch(this.#options.onUpkeepFailed);
  }

  async #write(file: LogFile, sealed: SealedLines): Promise<void> {
    await this.#extend(file, sealed);
    this.#headTimer ??= setTimeout(() => {
      this.#turns.take(() => this.#sign()).catch(this.#options.onUpkeepFailed);
    }, this.#options.headMs).unref();
  }

  /** A file whose write fails is closed: the next append begins another one. */
  async #extend(file: LogFile, { bytes, end }: SealedLines): Promise<void> {
    this.#file = null;
    await file.append(bytes);
    this.#file = file;
    this.#end = end;
  }

  /** No decision stands in a log that no head holds: killed in its first moments, it could not tell who wrote it. */
  async #signFirst(): Promise<void> {
    const { directory } = this.#options;
    if (this.#file === null) {
      const file = await LogFile.create(directory, this.#today());
      await this.#extend(file, this.#sealer.seal([this.#opening(file), ...this.#standing], this.#end));
    }
    if (this.#file !== null) await this.#writeHead(this.#file);
  }

  async #sign(): Promise<void> {
    const file = this.#file;
    if (this.#headTimer === null) return;
    // Also where a write has failed and there is no file: the next line is to be signed in its time.
    clearTimeout(this.#headTimer);
    this.#headTimer = null;
    if (file === null) return;
    if (await file.isGone()) {
      // The next append begins another file.
      this.#file = null;
      await file.close();
      return;
    }
    await this.#writeHead(file);
  }

  async #writeHead(file: LogFile): Promise<void> {
    const { directory, key, sequences } = this.#options;
    const head = key.sign({ v: 1, time: this.#time(), head: key.id, n: this.#end.n + 1, prev: this.#end.hash });
    await this.#extend(file, this.#sealer.seal([head], this.#end));
    await file.sync();
    const progress = { workers: sequences.entries(), living: [...sequences.living] };
    await writeHeadFile(directory, { v: 1, head, file: file.name, end: file.size, ...progress });
    this.#signed = true;
  }

  async #closeFile(): Promise<void> {
    await this.#sign();
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #opening({ name: file }: LogFile): object {
    const { key, unsealed, torn, end } = this.#options;
    const first = this.#end === end;
    return {
      v: 1,
      time: this.#time(),
      open: { file, key: key.id, unsealed: first ? unsealed : 0, torn: first ? torn : 0 },
    };
  }

  /** The line that says what is removed is signed and on the disk before anything goes. */
  async #removeOutdated(): Promise<void> {
    const { directory } = this.#options;
    // What this file may grow to is left free.
    const retentionBytes = this.#options.retentionBytes - this.#fileBytes;
    const removed = await outdatedFiles(directory, { ...this.#options, retentionBytes }, this.#now());
    const file = this.#file;
    if (removed.length === 0 || file === null) return;
    await this.#write(file, this.#sealer.seal([{ v: 1, time: this.#time(), retention: removed }], this.#end));
    await this.#sign();
    for (const { file: name } of removed) await unlink(join(directory, name));
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  #time(): string {
    return this.#now().toISOString();
  }

  #today(): string {
    return this.#time().slice(0, 10);
  }
}
