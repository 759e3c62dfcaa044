const SCALAR_LENGTH: i32 = 32;
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/**
 * A P-256 signature of JWS (RFC 7518 section 3.4: r and s, 32 bytes each) as the DER that BoringSSL takes
 * (ECDSA-Sig-Value, RFC 3279 section 2.2.3). null: not 64 bytes, or r or s is zero.
 */
export function ecdsaSignatureToDer(signature: Uint8Array): Uint8Array | null {
  if (signature.length != 2 * SCALAR_LENGTH) return null;
  const r = minimal(signature.subarray(0, SCALAR_LENGTH));
  const s = minimal(signature.subarray(SCALAR_LENGTH));
  if (r.length == 0 || s.length == 0) return null;
  const content = integerLength(r) + integerLength(s);
  const der = new Uint8Array(2 + content);
  der[0] = SEQUENCE;
  // At most 70: the short form of a DER length always does.
  der[1] = <u8>content;
  writeInteger(s, der, writeInteger(r, der, 2));
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
