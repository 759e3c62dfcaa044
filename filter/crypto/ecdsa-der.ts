const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/** From so many bytes on a DER length takes a second byte. */
const LONG_FORM: i32 = 0x80;

/**
 * An ECDSA signature of JWS (RFC 7518 section 3.4: r and s, `scalarBytes` each, at most 66) as the DER that BoringSSL takes
 * (ECDSA-Sig-Value, RFC 3279 section 2.2.3). null: of another length, or r or s is zero.
 */
export function ecdsaSignatureToDer(signature: Uint8Array, scalarBytes: i32): Uint8Array | null {
  if (signature.length != 2 * scalarBytes) return null;
  const r = minimal(signature.subarray(0, scalarBytes));
  const s = minimal(signature.subarray(scalarBytes));
  if (r.length == 0 || s.length == 0) return null;
  const content = integerLength(r) + integerLength(s);
  const head = content < LONG_FORM ? 2 : 3;
  const der = new Uint8Array(head + content);
  der[0] = SEQUENCE;
  if (head == 3) der[1] = <u8>(LONG_FORM + 1);
  der[head - 1] = <u8>content;
  writeInteger(s, der, writeInteger(r, der, head));
  return der;
}

/** Without leading zero bytes. */
function minimal(scalar: Uint8Array): Uint8Array {
  let zeros = 0;
  while (zeros < scalar.length && unchecked(scalar[zeros]) == 0) zeros += 1;
  return scalar.subarray(zeros);
}

/** DER integers are signed: a set top bit needs a zero byte before it. */
function signByte(scalar: Uint8Array): i32 {
  return <i32>(scalar[0] >> 7);
}

function integerLength(scalar: Uint8Array): i32 {
  return 2 + signByte(scalar) + scalar.length;
}

function writeInteger(scalar: Uint8Array, der: Uint8Array, at: i32): i32 {
  const sign = signByte(scalar);
  der[at] = INTEGER;
  der[at + 1] = <u8>(sign + scalar.length);
  memory.copy(der.dataStart + at + 2 + sign, scalar.dataStart, scalar.length);
  return at + 2 + sign + scalar.length;
}
