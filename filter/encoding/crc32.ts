const POLYNOMIAL: u32 = 0xedb88320;
/** Eight tables of 256: table k is that of a byte with k zero bytes after it. */
const tables = crcTables();

/** CRC-32 of `start` to `end` (RFC 1952, section 8), eight bytes a step. */
export function crc32(bytes: Uint8Array, start: i32, end: i32): u32 {
  const table = changetype<usize>(tables);
  let at = bytes.dataStart + start;
  const stop = bytes.dataStart + end;
  let crc: u32 = 0xffff_ffff;
  for (; stop - at >= 8; at += 8) {
    const low = load<u32>(at) ^ crc;
    const high = load<u32>(at, 4);
    crc =
      load<u32>(table + (((low & 0xff) + 0x700) << 2)) ^
      load<u32>(table + ((((low >> 8) & 0xff) + 0x600) << 2)) ^
      load<u32>(table + ((((low >> 16) & 0xff) + 0x500) << 2)) ^
      load<u32>(table + (((low >> 24) + 0x400) << 2)) ^
      load<u32>(table + (((high & 0xff) + 0x300) << 2)) ^
      load<u32>(table + ((((high >> 8) & 0xff) + 0x200) << 2)) ^
      load<u32>(table + ((((high >> 16) & 0xff) + 0x100) << 2)) ^
      load<u32>(table + ((high >> 24) << 2));
  }
  for (; at < stop; at++) crc = load<u32>(table + (((crc ^ load<u8>(at)) & 0xff) << 2)) ^ (crc >> 8);
  return ~crc;
}

function crcTables(): StaticArray<u32> {
  const all = new StaticArray<u32>(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = <u32>i;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    all[i] = crc;
  }
  for (let i = 256; i < all.length; i++) all[i] = (all[i - 256] >> 8) ^ all[all[i - 256] & 0xff];
  return all;
}
