import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";

/**
 * A file of the evidence store: magic "PSEV", u16 version, u16 zero, 32 bytes of salt, then frames: u8 kind, u32 length of
 * the sealed bytes, 32 bytes of a digest, the sealed bytes. Little-endian. Sealed is AES-256-GCM (NIST SP 800-38D) under
 * a key of the file's own (HKDF-SHA-256, RFC 5869, of the store's key and the salt), the frame's number as nonce, its
 * kind and a note's digest as further data, the tag behind the ciphertext.
 *
 * A group holds the evidence of one or more decisions, each as u32 length and bytes: one seal for all, since sealing costs
 * more than what is sealed.
 */
const MAGIC = "PSEV";
const VERSION = 1;
export const HEADER_BYTES = 40;
const SALT_OFFSET = 8;
export const FRAME_HEAD_BYTES = 37;
const DIGEST_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** Before each item of a group. */
export const LENGTH_BYTES = 4;
const PLACE_DIGITS = 8;
/** What a frame takes beside its bytes. */
export const FRAME_BYTES = FRAME_HEAD_BYTES + TAG_BYTES;
const INFO = "postern evidence 1";

/** `evidence`, of one decision, was written by former releases. */
export const FRAME_KINDS = ["evidence", "note", "group"] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export interface FrameHead {
  readonly kind: FrameKind;
  /** Of the sealed bytes. */
  readonly length: number;
  /** Hexadecimal: SHA-256 of the sealed bytes; of a note the name of the evidence which it is about. */
  readonly digest: string;
}

/** The head of a new file. */
export function newHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt16LE(VERSION, 4);
  randomBytes(HEADER_BYTES - SALT_OFFSET).copy(header, SALT_OFFSET);
  return header;
}

/** The file's own key. Null: not a file of this version. */
export function segmentKey(storeKey: Buffer, header: Buffer): Buffer | null {
  const known = header.length === HEADER_BYTES && header.toString("latin1", 0, 4) === MAGIC;
  if (!known || header.readUInt16LE(4) !== VERSION) return null;
  return Buffer.from(hkdfSync("sha256", storeKey, header.subarray(SALT_OFFSET), INFO, 32));
}

/** A frame with evidence, and the names under which it is found: they tell nothing of the content. */
export function sealGroup(
  key: Buffer,
  frame: number,
  items: readonly Uint8Array[],
): { frame: Buffer; names: string[] } {
  const sealed = seal(key, frame, associated("group"), joined(items));
  const digest = sha256(sealed);
  return { frame: framed("group", digest, sealed), names: items.map((_, index) => nameInGroup(digest, index)) };
}

/** The first bytes of the frame's digest, then the place in it, hexadecimal: as long as a digest. */
function nameInGroup(digest: string, index: number): string {
  return groupOf(digest) + index.toString(16).padStart(PLACE_DIGITS, "0");
}

/** What the names of all evidence in a frame of this digest begin with, and that of any of them. */
export function groupOf(digestOrName: string): string {
  return digestOrName.slice(0, 2 * DIGEST_BYTES - PLACE_DIGITS);
}

/** What `sealGroup` sealed under this name. Null: it has no such item. */
export function itemOf(group: Buffer, name: string): Buffer | null {
  let start = 0;
  for (let left = Number(`0x${name.slice(-PLACE_DIGITS)}`); start + LENGTH_BYTES <= group.length; left--) {
    const end = start + LENGTH_BYTES + group.readUInt32LE(start);
    if (left === 0) return group.subarray(start + LENGTH_BYTES, end);
    start = end;
  }
  return null;
}

/** A frame with a note on evidence that was stored before. */
export function sealNote(key: Buffer, frame: number, digest: string, bytes: Uint8Array): Buffer {
  return framed("note", digest, seal(key, frame, associated("note", digest), bytes));
}

/** Null: what is there is no head of a frame. */
export function frameHead(bytes: Buffer): FrameHead | null {
  const kind = bytes.length === FRAME_HEAD_BYTES ? FRAME_KINDS[bytes.readUInt8(0)] : undefined;
  if (kind === undefined) return null;
  const length = bytes.readUInt32LE(1);
  return length < TAG_BYTES ? null : { kind, length, digest: bytes.toString("hex", 5) };
}

/** What was sealed. Null: it is not what was written there. */
export function unseal(key: Buffer, frame: number, { kind, digest }: FrameHead, sealed: Buffer): Buffer | null {
  if (kind !== "note" && sha256(sealed) !== digest) return null;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(frame));
    decipher.setAAD(associated(kind, kind === "note" ? digest : ""));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

function seal(key: Buffer, frame: number, data: Buffer, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce(frame));
  cipher.setAAD(data);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function framed(kind: FrameKind, digest: string, sealed: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES - DIGEST_BYTES);
  head.writeUInt8(FRAME_KINDS.indexOf(kind), 0);
  head.writeUInt32LE(sealed.length, 1);
  return Buffer.concat([head, Buffer.from(digest, "hex"), sealed]);
}

function joined(items: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(items.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const item of items) {
    at = bytes.writeUInt32LE(item.length, at);
    bytes.set(item, at);
    at += item.length;
  }
  return bytes;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function associated(kind: FrameKind, digest = ""): Buffer {
  return Buffer.concat([Buffer.of(FRAME_KINDS.indexOf(kind)), Buffer.from(digest, "hex")]);
}

function nonce(frame: number): Buffer {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeBigUInt64LE(BigInt(frame), 0);
  return bytes;
}
