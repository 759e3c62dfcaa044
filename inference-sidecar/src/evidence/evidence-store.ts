import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { loadKeyFile } from "../decision-log/key-file.ts";
import { FRAME_BYTES, HEADER_BYTES, newHeader, sealEvidence, sealNote, segmentKey } from "./segment.ts";
import { type EvidenceLimits, evidenceDirectory, nextName, removeOutdated } from "./segment-files.ts";

export const KEY_NAME = "evidence.key";
const ITEM_MOST_BYTES = 1024 * 1024;
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

/** Something that is to be written. */
interface Waiting {
  /** Of its frame. */
  readonly bytes: number;
  readonly seal: (segment: OpenSegment) => { readonly frame: Buffer; readonly digest: string };
  readonly resolve: (digest: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Evidence at rest, beside the log and never in it: encrypted, capped in bytes and days, named by digest. Written by one
 * sidecar, read by `EvidenceReader`. Any file of it may be deleted at any time.
 */
export class EvidenceStore {
  readonly #directory: string;
  readonly #key: Buffer;
  readonly #limits: EvidenceLimits;
  #segment: OpenSegment | null = null;
  /** A file of more bytes has one frame. */
  readonly #fileBytes: number;
  readonly #waiting: Waiting[] = [];
  #last: Promise<void> = Promise.resolve();

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
   * Stores at most 1 MiB, and no more than all files may have.
   * @returns its name: SHA-256 of the encrypted bytes, hexadecimal
   * @throws Error it is larger, or the file system's
   */
  put(bytes: Uint8Array): Promise<string> {
    return this.#write(bytes, (segment) => sealEvidence(segment.key, segment.frames, bytes));
  }

  /** Adds what was found out later about stored evidence; the newest note counts. @throws Error as `put` */
  async note(digest: string, bytes: Uint8Array): Promise<void> {
    await this.#write(bytes, (segment) => ({ frame: sealNote(segment.key, segment.frames, digest, bytes), digest }));
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#segment?.handle.close();
    this.#segment = null;
  }

  /** What comes at the same time, as with one report, is written together, as far as one file takes it. */
  #write({ length }: Uint8Array, seal: Waiting["seal"]): Promise<string> {
    const bytes = length + FRAME_BYTES;
    if (length > ITEM_MOST_BYTES || HEADER_BYTES + bytes > this.#limits.retentionBytes)
      return Promise.reject(new Error(`evidence of ${length} bytes is too large`));
    const written = new Promise<string>((resolve, reject) => this.#waiting.push({ bytes, seal, resolve, reject }));
    this.#last = this.#last.then(() => this.#writeWaiting());
    return written;
  }

  async #writeWaiting(): Promise<void> {
    const group = this.#nextGroup();
    if (group.length === 0) return;
    try {
      const segment = await this.#current(group.reduce((sum, { bytes }) => sum + bytes, 0));
      const sealed = group.map(({ seal }) => {
        const frame = seal(segment);
        // A frame's number is its nonce.
        segment.frames += 1;
        return frame;
      });
      await this.#append(segment, Buffer.concat(sealed.map(({ frame }) => frame)));
      for (const [index, { resolve }] of group.entries()) resolve(sealed[index]?.digest as string);
    } catch (error) {
      for (const { reject } of group) reject(error as Error);
    }
  }

  /** What waits longest, as much as a file takes. */
  #nextGroup(): Waiting[] {
    let bytes = HEADER_BYTES;
    const over = this.#waiting.findIndex((one) => {
      bytes += one.bytes;
      return bytes > this.#fileBytes;
    });
    return this.#waiting.splice(0, over < 0 ? this.#waiting.length : Math.max(1, over));
  }

  async #append(segment: OpenSegment, frames: Buffer): Promise<void> {
    try {
      const { bytesWritten } = await segment.handle.write(frames, 0, frames.length, segment.bytes);
      if (bytesWritten !== frames.length) throw new Error(`${bytesWritten} of ${frames.length} bytes were written`);
      segment.bytes += frames.length;
    } catch (error) {
      // A torn frame ends what can be read of a file: the next one begins another.
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
    await this.#append(segment, header);
    return segment;
  }

  /** Gone where it holds nothing: a disk that stays full gathers no files. */
  async #giveUp({ name, handle, bytes }: OpenSegment): Promise<void> {
    await handle.close().catch(() => undefined);
    if (bytes <= HEADER_BYTES) await unlink(join(this.#directory, name)).catch(() => undefined);
  }
}
