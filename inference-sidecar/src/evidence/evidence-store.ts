import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { loadKeyFile } from "../decision-log/key-file.ts";
import { Turns } from "../turns.ts";
import { FRAME_BYTES, HEADER_BYTES, LENGTH_BYTES, newHeader, sealGroup, sealNote, segmentKey } from "./segment.ts";
import { type EvidenceLimits, evidenceDirectory, nextName, removeOutdated } from "./segment-files.ts";

export const KEY_NAME = "evidence.key";
const ITEM_MOST_BYTES = 1024 * 1024;
const GROUP_MOST_BYTES = LENGTH_BYTES + ITEM_MOST_BYTES;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** A file has at most a sixteenth of what all may have. */
const FILES = 16;

interface OpenSegment {
  readonly name: string;
  readonly date: string;
  readonly handle: FileHandle;
  readonly key: Buffer;
  frames: number;
  bytes: number;
}

/**
 * Evidence at rest, beside the log and never in it: encrypted, capped in bytes and days, named by what is stored. Written by one
 * sidecar, read by `EvidenceReader`. Any file of it may be deleted at any time.
 */
export class EvidenceStore {
  readonly #directory: string;
  readonly #key: Buffer;
  readonly #limits: EvidenceLimits;
  #segment: OpenSegment | null = null;
  /** A file of more bytes has one frame. */
  readonly #fileBytes: number;
  readonly #turns = new Turns();

  private constructor(directory: string, key: Buffer, limits: EvidenceLimits) {
    this.#directory = directory;
    this.#key = key;
    this.#limits = limits;
    this.#fileBytes = Math.floor(limits.retentionBytes / FILES);
  }

  /** The key lies in `STATE/keys/evidence.key`, which the first start makes. @throws StartError `state_directory` */
  static async open(stateDirectory: string, limits: EvidenceLimits): Promise<EvidenceStore> {
    const key = await loadKeyFile(stateDirectory, KEY_NAME);
    return new EvidenceStore(evidenceDirectory(stateDirectory), key, limits);
  }

  /**
   * Stores each of them that has at most 1 MiB, and with its frame no more than all files may have.
   * @returns the names under which they are found, 64 hexadecimal digits, in order; null: it is larger, or could not be written
   */
  async put(items: readonly Uint8Array[]): Promise<(string | null)[]> {
    const groups = this.#grouped(items).map((group) => this.#putGroup(group));
    return (await Promise.all(groups)).flat();
  }

  /** Adds what was found out later about stored evidence; the newest note counts. @throws Error it is too large, or the file system's */
  async note(names: readonly string[], bytes: Uint8Array): Promise<void> {
    const each = bytes.length + FRAME_BYTES;
    if (HEADER_BYTES + each > this.#limits.retentionBytes)
      throw new Error(`a note of ${bytes.length} bytes is too large`);
    const most = Math.max(1, Math.floor((this.#fileBytes - HEADER_BYTES) / each));
    const written: Promise<void>[] = [];
    for (let start = 0; start < names.length; start += most) {
      const some = names.slice(start, start + most);
      const seal = (segment: OpenSegment) =>
        Buffer.concat(some.map((name) => sealNote(segment.key, segment.frames++, name, bytes)));
      written.push(this.#turns.take(async () => this.#append(await this.#current(some.length * each), seal)));
    }
    await Promise.all(written);
  }

  close(): Promise<void> {
    return this.#turns.take(async () => {
      await this.#segment?.handle.close();
      this.#segment = null;
    });
  }

  /** In order, as many together as a frame and a file take. */
  #grouped(items: readonly Uint8Array[]): Uint8Array[][] {
    const most = Math.min(GROUP_MOST_BYTES, this.#fileBytes - HEADER_BYTES - FRAME_BYTES);
    const groups: Uint8Array[][] = [];
    let room = 0;
    for (const item of items) {
      const bytes = LENGTH_BYTES + item.length;
      if (bytes > room || groups.length === 0) {
        groups.push([]);
        room = most;
      }
      groups.at(-1)?.push(item);
      room -= bytes;
    }
    return groups;
  }

  async #putGroup(items: readonly Uint8Array[]): Promise<(string | null)[]> {
    const bytes = items.reduce((sum, { length }) => sum + LENGTH_BYTES + length, FRAME_BYTES);
    if (bytes > GROUP_MOST_BYTES + FRAME_BYTES || HEADER_BYTES + bytes > this.#limits.retentionBytes)
      return items.map(() => null);
    let found: string[] = [];
    const seal = (segment: OpenSegment) => {
      const { frame, names } = sealGroup(segment.key, segment.frames++, items);
      found = names;
      return frame;
    };
    const written = this.#turns.take(async () => this.#append(await this.#current(bytes), seal));
    return written.then(
      () => found,
      () => items.map(() => null),
    );
  }

  /** @param seal gives what is to be written; a frame's number is its nonce, and its place in the file */
  async #append(segment: OpenSegment, seal: (segment: OpenSegment) => Buffer): Promise<void> {
    try {
      const frames = seal(segment);
      const { bytesWritten } = await segment.handle.write(frames, 0, frames.length, segment.bytes);
      if (bytesWritten !== frames.length) throw new Error(`${bytesWritten} of ${frames.length} bytes were written`);
      segment.bytes += frames.length;
    } catch (error) {
      // A torn frame, or one that is missing, ends what can be read of a file: the next one begins another.
      this.#segment = null;
      await this.#giveUp(segment);
      throw error;
    }
  }

  /** @param bytes that are to be written to it */
  async #current(bytes: number): Promise<OpenSegment> {
    const date = new Date().toISOString().slice(0, 10);
    const open = this.#segment;
    const hasRoom = open !== null && open.date === date && open.bytes + bytes <= this.#fileBytes;
    if (hasRoom && (await open.handle.stat()).nlink > 0) return open;
    this.#segment = null;
    await open?.handle.close();
    const most = Math.max(this.#fileBytes, HEADER_BYTES + bytes);
    const limits = { ...this.#limits, retentionBytes: this.#limits.retentionBytes - most };
    await removeOutdated(this.#directory, limits, new Date());
    this.#segment = await this.#begin(date);
    return this.#segment;
  }

  async #begin(date: string): Promise<OpenSegment> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const name = await nextName(this.#directory, date);
    const handle = await open(join(this.#directory, name), NEW_FILE, 0o600);
    const header = newHeader();
    const segment = { name, date, handle, key: segmentKey(this.#key, header) as Buffer, frames: 0, bytes: 0 };
    await this.#append(segment, () => header);
    return segment;
  }

  /** Gone where it holds nothing: a disk that stays full gathers no files. */
  async #giveUp({ name, handle, bytes }: OpenSegment): Promise<void> {
    await handle.close().catch(() => undefined);
    if (bytes <= HEADER_BYTES) await unlink(join(this.#directory, name)).catch(() => undefined);
  }
}
