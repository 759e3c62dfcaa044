import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the segment is put; `filter/screen/segment.ts` reads it there. */
export const SCREEN_SEGMENT_OFFSET = 1024;

const SEGMENT_HEADER_BYTES = 64;
/** `screen.bin`: u32 magic "PSSB", u16 version, u8 tableBits, u8 bytes of a weight, f32 bias, f32 scale, weights. */
const SCREEN_HEADER_BYTES = 16;
const SEGMENT_MAGIC = 0x47535350;
const SCREEN_MAGIC = 0x42535350;
const VERSION = 1;
const MILLION = 1_000_000;

interface Thresholds {
  /** All in millionths. */
  clearBelow: number;
  denyAlone: number;
  modelDeny: number;
}

interface Manifest {
  version: number;
  digest: string;
  model: { file: string; sha256: string };
  screen: { file: string; sha256: string };
  thresholds: Thresholds;
}

/**
 * The data segment of a bundle: its digest, its thresholds and the screen's weights.
 * @throws Error a file that is not what the manifest's digests say, or a manifest of another version
 */
export async function screenSegment(bundleDirectory: string): Promise<Uint8Array> {
  const manifest = JSON.parse(await readFile(join(bundleDirectory, "manifest.json"), "utf8")) as Manifest;
  if (manifest.version !== VERSION)
    throw new Error(`${bundleDirectory}: bundle version ${manifest.version} is not known`);
  const model = await readFile(join(bundleDirectory, manifest.model.file));
  const screen = await readFile(join(bundleDirectory, manifest.screen.file));
  for (const [name, bytes, expected] of [
    [manifest.model.file, model, manifest.model.sha256],
    [manifest.screen.file, screen, manifest.screen.sha256],
  ] as const) {
    if (sha256(bytes).toString("hex") !== expected)
      throw new Error(`${bundleDirectory}/${name}: not the file of the manifest`);
  }
  const digest = bundleDigest(sha256(model), sha256(screen), manifest.thresholds);
  if (digest.toString("hex") !== manifest.digest) throw new Error(`${bundleDirectory}: the manifest's digest is wrong`);
  return segmentBytes(screen, digest, manifest.thresholds);
}

/** SHA-256 of: the model's SHA-256, the screen's SHA-256, then the three thresholds as u32 little-endian. */
function bundleDigest(modelSha256: Buffer, screenSha256: Buffer, thresholds: Thresholds): Buffer {
  const words = Buffer.alloc(12);
  [thresholds.clearBelow, thresholds.denyAlone, thresholds.modelDeny].forEach((millionths, index) => {
    if (!Number.isInteger(millionths) || millionths < 0 || millionths > MILLION) {
      throw new Error(`threshold ${millionths} is not 0 to ${MILLION} millionths`);
    }
    words.writeUInt32LE(millionths, index * 4);
  });
  return sha256(Buffer.concat([modelSha256, screenSha256, words]));
}

function segmentBytes(screen: Buffer, digest: Buffer, thresholds: Thresholds): Uint8Array {
  if (
    screen.length < SCREEN_HEADER_BYTES ||
    screen.readUInt32LE(0) !== SCREEN_MAGIC ||
    screen.readUInt16LE(4) !== VERSION
  ) {
    throw new Error("the screen is not one of this version");
  }
  const tableBits = screen.readUInt8(6);
  const weights = screen.subarray(SCREEN_HEADER_BYTES);
  if (screen.readUInt8(7) !== 1 || weights.length !== 2 ** tableBits)
    throw new Error("the screen's weights are cut off");
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.writeUInt32LE(SEGMENT_MAGIC, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt8(tableBits, 6);
  header.writeUInt8(1, 7);
  digest.copy(header, 8);
  header.writeUInt32LE(thresholds.clearBelow, 40);
  header.writeUInt32LE(thresholds.denyAlone, 44);
  header.writeUInt32LE(thresholds.modelDeny, 48);
  screen.copy(header, 52, 8, 16); // bias, scale
  header.writeUInt32LE(weights.length, 60);
  return Buffer.concat([header, weights]);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
