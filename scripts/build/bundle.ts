import { readBundle, type Thresholds } from "../../inference-sidecar/src/bundle.ts";

/** Where the segment is put; `filter/screen/segment.ts` reads it there. */
export const SCREEN_SEGMENT_OFFSET = 1024;

const SEGMENT_HEADER_BYTES = 64;
/** `screen.bin`: u32 magic "PSSB", u16 version, u8 tableBits, u8 bytes of a weight, f32 bias, f32 scale, weights. */
const SCREEN_HEADER_BYTES = 16;
const SEGMENT_MAGIC = 0x47535350;
const SCREEN_MAGIC = 0x42535350;
const VERSION = 1;

/**
 * The data segment of a bundle: its digest, its thresholds and the screen's weights.
 * @throws Error a bundle that the sidecar would refuse, or a screen of another version
 */
export async function screenSegment(bundleDirectory: string): Promise<Uint8Array> {
  const { digest, screen, thresholds } = await readBundle(bundleDirectory);
  return segmentBytes(screen, digest, thresholds);
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
