import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_NAME } from "./evidence-store.ts";
import {
  FRAME_HEAD_BYTES,
  type FrameHead,
  frameHead,
  groupOf,
  HEADER_BYTES,
  itemOf,
  segmentKey,
  unseal,
} from "./segment.ts";
import { evidenceDirectory, segmentNames } from "./segment-files.ts";

const NAME = /^[0-9a-f]{64}$/;

interface Place extends FrameHead {
  readonly file: string;
  readonly key: Buffer;
  readonly frame: number;
  /** Of the sealed bytes. */
  readonly offset: number;
}

/** Reads the evidence store of a state folder, as it is when it is opened; the sidecar may go on writing. */
export class EvidenceReader {
  /** By what the names of a frame's evidence begin with. */
  readonly #groups = new Map<string, Place>();
  /** By its name: of former releases, each in a frame of its own. */
  readonly #evidence = new Map<string, Place>();
  readonly #notes = new Map<string, Place>();
  /** What was read last: whoever reads evidence in the order of the log finds the next in the same. */
  #newest: { readonly place: Place; readonly group: Promise<Buffer | null> } | null = null;

  /** Where there is no store, or its key is gone, nothing is found in it. */
  static async open(stateDirectory: string): Promise<EvidenceReader> {
    const reader = new EvidenceReader();
    const key = await readFile(join(stateDirectory, "keys", KEY_NAME)).catch(() => null);
    if (key === null) return reader;
    const directory = evidenceDirectory(stateDirectory);
    for (const name of await segmentNames(directory)) await reader.#index(join(directory, name), key);
    return reader;
  }

  /** Null: it was never stored, has been deleted, or is not what was stored. */
  async get(name: string): Promise<Buffer | null> {
    // A log can say anything.
    if (typeof name !== "string" || !NAME.test(name)) return null;
    const place = this.#groups.get(groupOf(name));
    if (place === undefined) return read(this.#evidence.get(name));
    if (this.#newest?.place !== place) this.#newest = { place, group: read(place) };
    const group = await this.#newest.group;
    return group && itemOf(group, name);
  }

  /** The newest note on it. */
  noteOn(name: string): Promise<Buffer | null> {
    return read(this.#notes.get(name));
  }

  async #index(file: string, storeKey: Buffer): Promise<void> {
    const handle = await open(file, "r").catch(() => null);
    if (handle === null) return;
    try {
      const { size } = await handle.stat();
      const key = segmentKey(storeKey, await readAt(handle, 0, HEADER_BYTES));
      if (key === null) return;
      let at = HEADER_BYTES;
      for (let frame = 0; ; frame++) {
        const head = frameHead(await readAt(handle, at, FRAME_HEAD_BYTES));
        const offset = at + FRAME_HEAD_BYTES;
        if (head === null || offset + head.length > size) return;
        const place = { ...head, file, key, frame, offset };
        if (head.kind === "group") this.#groups.set(groupOf(head.digest), place);
        else if (head.kind === "note") this.#notes.set(head.digest, place);
        else this.#evidence.set(head.digest, place);
        at = offset + head.length;
      }
    } finally {
      await handle.close();
    }
  }
}

async function read(place: Place | undefined): Promise<Buffer | null> {
  const handle = place === undefined ? null : await open(place.file, "r").catch(() => null);
  if (place === undefined || handle === null) return null;
  try {
    const sealed = await readAt(handle, place.offset, place.length);
    return sealed.length === place.length ? unseal(place.key, place.frame, place, sealed) : null;
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
