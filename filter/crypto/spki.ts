import { bytes } from "proxy-wasm-as/bytes";
import { decodeHex } from "../encoding/hex";

const SCALAR_LENGTH: i32 = 32;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/** Everything before the coordinates: id-ecPublicKey, prime256v1, an uncompressed point (RFC 5480 section 2). */
const P256_PREFIX = decodeHex(bytes("3059301306072a8648ce3d020106082a8648ce3d03010703420004"));
/** rsaEncryption with its NULL (RFC 3279 section 2.3.1). */
const RSA_ALGORITHM = decodeHex(bytes("300d06092a864886f70d0101010500"));

/** DER SubjectPublicKeyInfo of a P-256 point, 32 bytes each coordinate; empty: another length. Whether it is on the curve is BoringSSL's to say. */
export function p256Spki(x: Uint8Array, y: Uint8Array): Uint8Array {
  if (x.length != SCALAR_LENGTH || y.length != SCALAR_LENGTH) return new Uint8Array(0);
  return joined(joined(P256_PREFIX, x), y);
}

/** DER SubjectPublicKeyInfo of an RSA key; both numbers big-endian without leading zeros, at most 64 KiB. */
export function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const numbers = joined(integer(modulus), integer(exponent));
  const key = tagged(SEQUENCE, numbers);
  const bits = new Uint8Array(key.length + 1);
  bits.set(key, 1);
  return tagged(SEQUENCE, joined(RSA_ALGORITHM, tagged(BIT_STRING, bits)));
}

/** DER integers are signed: a set top bit needs a zero byte before it. */
function integer(number: Uint8Array): Uint8Array {
  if (number.length == 0 || unchecked(number[0]) < 0x80) return tagged(INTEGER, number);
  const signed = new Uint8Array(number.length + 1);
  signed.set(number, 1);
  return tagged(INTEGER, signed);
}

/** Length in the short form, or with one or two bytes (X.690 section 8.1.3). */
function tagged(tag: u8, content: Uint8Array): Uint8Array {
  const length = content.length;
  const head = length < 0x80 ? 2 : length < 0x100 ? 3 : 4;
  const der = new Uint8Array(head + length);
  der[0] = tag;
  if (head == 2) {
    der[1] = <u8>length;
  } else {
    der[1] = <u8>(0x80 + head - 2);
    if (head == 4) der[2] = <u8>(length >> 8);
    der[head - 1] = <u8>length;
  }
  der.set(content, head);
  return der;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
