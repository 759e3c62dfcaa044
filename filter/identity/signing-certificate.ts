import { bytes, equal } from "proxy-wasm-as/bytes";
import { DerReader } from "../encoding/der";
import { decodeHex } from "../encoding/hex";

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BOOLEAN: u8 = 0x01;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
/** The field of TBSCertificate that has them. */
const EXTENSIONS: u8 = 0xa3;
const BASIC_CONSTRAINTS = decodeHex(bytes("551d13"));
const KEY_USAGE = decodeHex(bytes("551d0f"));
/** keyCertSign and cRLSign, in the first byte of the bits. */
const SIGNING: u8 = 0x06;

/**
 * Whether a certificate (DER, RFC 5280 section 4.1) is an authority's or may sign certificates or lists of revoked ones:
 * no workload is told by such a one (X509-SVID section 5.2). True also where that can't be read.
 */
export function maySign(certificate: Uint8Array): bool {
  const fields = new DerReader(new DerReader(new DerReader(certificate).take(SEQUENCE)).take(SEQUENCE));
  while (fields.next()) {
    if (fields.tag == EXTENSIONS) return anySigns(new DerReader(new DerReader(fields.content).take(SEQUENCE)));
  }
  return true;
}

function anySigns(extensions: DerReader): bool {
  while (extensions.next()) {
    const extension = new DerReader(extensions.content);
    const name = extension.take(OBJECT_IDENTIFIER);
    // Whether it is critical may stand between.
    while (extension.next() && extension.tag == BOOLEAN) {}
    if (extension.tag != OCTET_STRING) return true;
    const value = new DerReader(extension.content);
    if (equal(name, BASIC_CONSTRAINTS) && isAuthority(value)) return true;
    if (equal(name, KEY_USAGE) && signs(value)) return true;
  }
  return extensions.malformed;
}

/** `cA` is the first member; left out, it is false. */
function isAuthority(value: DerReader): bool {
  const authority = new DerReader(value.take(SEQUENCE)).take(BOOLEAN);
  return authority.length > 0 && authority[0] != 0;
}

/** A byte with the number of unused bits stands before the bits. */
function signs(value: DerReader): bool {
  const bits = value.take(BIT_STRING);
  return bits.length < 2 || (bits[1] & SIGNING) != 0;
}
