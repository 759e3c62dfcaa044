import { bytes } from "proxy-wasm-as/bytes";

/** IMF-fixdate (RFC 9110, section 5.6.7): `A` upper-case letter, `a` lower-case letter, `0` digit, all else itself. */
const SHAPE = bytes("Aaa, 00 Aaa 0000 00:00:00 ");
const ZONE_BYTES = 3;

export function isDate(value: Uint8Array): bool {
  if (value.length != SHAPE.length + ZONE_BYTES) return false;
  for (let i = 0; i < value.length; i++) {
    const byte = unchecked(value[i]);
    const shape: u8 = i < SHAPE.length ? SHAPE[i] : 0x41;
    if (
      shape == 0x41
        ? byte - 0x41 >= 26
        : shape == 0x61
          ? byte - 0x61 >= 26
          : shape == 0x30
            ? byte - 0x30 >= 10
            : byte != shape
    )
      return false;
  }
  return true;
}
