/** The name of the extension, as DER has it, and its whole: critical or not, bits in a string (RFC 5280 section 4.2.1.3). */
const KEY_USAGE = Buffer.from("0603551d0f", "hex");
const CRITICAL = Buffer.from("0101ff", "hex");
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
/** keyCertSign and cRLSign, in the first byte of the bits. */
const SIGNING = 0x06;

/** Whether the key of a certificate (DER) may sign certificates or lists of revoked ones. True also where that can't be read. */
export function maySignOthers(certificate: Buffer): boolean {
  const at = certificate.indexOf(KEY_USAGE);
  if (at < 0) return false;
  const value = certificate.subarray(at + KEY_USAGE.length);
  const [string, , kind, length = 0, , bits = SIGNING] = value.indexOf(CRITICAL) === 0 ? value.subarray(3) : value;
  return string !== OCTET_STRING || kind !== BIT_STRING || length < 2 || (bits & SIGNING) !== 0;
}
