import { constantTimeEqual } from "../crypto/constant-time";
import { hmacSha256 } from "../crypto/hmac-sha256";
import { encodeBase64Url } from "../encoding/base64";
import { ProofSecret } from "./proof-secret";

const NONCE_BYTES: i32 = 16;
/** Sets nonces apart from other uses of the secret. */
const LABEL: u8 = 1;

/** The nonce of the period that `nowSeconds` lies in, `ago` periods before: nothing is stored (RFC 9449 section 9). */
export function proofNonce(secret: ProofSecret, nowSeconds: i64, periodSeconds: i64, ago: i64 = 0): Uint8Array {
  const text = new Uint8Array(9);
  text[0] = LABEL;
  store<i64>(text.dataStart + 1, nowSeconds / periodSeconds - ago);
  return encodeBase64Url(hmacSha256(secret.secret, text).subarray(0, NONCE_BYTES));
}

/** Periods since `nonce` was the current one: 0 or 1; -1: it is none, or older. */
export function nonceAge(nonce: Uint8Array, secret: ProofSecret, nowSeconds: i64, periodSeconds: i64): i32 {
  for (let ago = 0; ago < 2; ago++) {
    if (constantTimeEqual(nonce, proofNonce(secret, nowSeconds, periodSeconds, ago))) return ago;
  }
  return -1;
}
