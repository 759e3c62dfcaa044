/** What the bytes of a text have among them, as a mask: one pass tells which decoders can find something. */
export const enum ByteTrait {
  Percent = 1,
  Ampersand = 2,
  Backslash = 4,
  /** A lead byte of UTF-8, or one that can only be overlong. */
  Lead = 8,
  Comma = 16,
  Nul = 32,
}

const traits = new StaticArray<u32>(256);

function fillTraits(): void {
  for (let i = 0xc0; i < 256; i++) traits[i] = ByteTrait.Lead;
  traits[0x25] = ByteTrait.Percent;
  traits[0x26] = ByteTrait.Ampersand;
  traits[0x5c] = ByteTrait.Backslash;
  traits[0x2c] = ByteTrait.Comma;
  traits[0] = ByteTrait.Nul;
}
fillTraits();

/** The traits of the first `length` bytes. */
export function traitsOf(text: Uint8Array, length: i32): u32 {
  const data = text.dataStart;
  let at = 0;
  let percent = i8x16.splat(0);
  let ampersand = i8x16.splat(0);
  let backslash = i8x16.splat(0);
  let comma = i8x16.splat(0);
  let lead = i8x16.splat(0);
  let nul = i8x16.splat(0);
  for (; at + 16 <= length; at += 16) {
    const chunk = v128.load(data + at);
    percent = v128.or(percent, i8x16.eq(chunk, i8x16.splat(0x25)));
    ampersand = v128.or(ampersand, i8x16.eq(chunk, i8x16.splat(0x26)));
    backslash = v128.or(backslash, i8x16.eq(chunk, i8x16.splat(0x5c)));
    comma = v128.or(comma, i8x16.eq(chunk, i8x16.splat(0x2c)));
    lead = i8x16.max_u(lead, chunk);
    nul = v128.or(nul, i8x16.eq(chunk, i8x16.splat(0)));
  }
  let mask: u32 = 0;
  if (v128.any_true(percent)) mask |= ByteTrait.Percent;
  if (v128.any_true(ampersand)) mask |= ByteTrait.Ampersand;
  if (v128.any_true(backslash)) mask |= ByteTrait.Backslash;
  if (v128.any_true(comma)) mask |= ByteTrait.Comma;
  if (v128.any_true(i8x16.ge_u(lead, i8x16.splat(<i8>0xc0)))) mask |= ByteTrait.Lead;
  if (v128.any_true(nul)) mask |= ByteTrait.Nul;
  for (; at < length; at++) mask |= unchecked(traits[load<u8>(data + at)]);
  return mask;
}
