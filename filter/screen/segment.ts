/**
 * The screen's data segment, little-endian, at a fixed address below everything that the compiler places:
 *
 *  0 u32 magic "PSSG" · 4 u16 version · 6 u8 tableBits · 7 u8 bytes of a weight · 8 u8[32] bundle digest
 * 40 u32 clearBelow · 44 u32 denyAlone · 48 u32 modelDeny (millionths) · 52 f32 bias · 56 f32 scale (logit of the
 * worst window's sum s: bias + scale * s) · 60 u32 bytes of weights · 64 i8[1 << tableBits] weights
 *
 * `scripts/build/bundle.ts` writes it. Where none was put in, memory is zero and nothing here is ready.
 */
const ADDRESS: usize = 1024;
const RESERVED_END: usize = 589824;
const HEADER_BYTES: usize = 64;
const MAGIC: u32 = 0x47535350;
const VERSION: u16 = 1;
const MIN_TABLE_BITS: u8 = 8;
const MAX_TABLE_BITS: u8 = 19;
const MILLION: u32 = 1000000;
const MAX_LOGIT: f32 = 1000;

export const DIGEST_BYTES: i32 = 32;

/** Whether a complete segment that this version understands lies in memory. Reads the reserved range only. */
export function segmentValid(): bool {
  if (load<u32>(ADDRESS) != MAGIC || load<u16>(ADDRESS, 4) != VERSION || load<u8>(ADDRESS, 7) != 1) return false;
  const bits = load<u8>(ADDRESS, 6);
  if (bits < MIN_TABLE_BITS || bits > MAX_TABLE_BITS) return false;
  const weights = load<u32>(ADDRESS, 60);
  if (weights != 1 << (<u32>bits) || ADDRESS + HEADER_BYTES + <usize>weights > RESERVED_END) return false;
  if (segmentClearBelow() > segmentDenyAlone() || segmentDenyAlone() > MILLION || segmentModelDeny() > MILLION)
    return false;
  const bias = segmentBias();
  const scale = segmentScale();
  return abs(bias) <= MAX_LOGIT && scale > 0 && scale <= MAX_LOGIT;
}

export function segmentDigestAddress(): usize {
  return ADDRESS + 8;
}

export function segmentClearBelow(): u32 {
  return load<u32>(ADDRESS, 40);
}

export function segmentDenyAlone(): u32 {
  return load<u32>(ADDRESS, 44);
}

export function segmentModelDeny(): u32 {
  return load<u32>(ADDRESS, 48);
}

export function segmentBias(): f32 {
  return load<f32>(ADDRESS, 52);
}

export function segmentScale(): f32 {
  return load<f32>(ADDRESS, 56);
}

/** Only of a valid segment: 8 to 19. */
export function segmentTableBits(): u32 {
  return load<u8>(ADDRESS, 6);
}

export function segmentWeightsAddress(): usize {
  return ADDRESS + HEADER_BYTES;
}
