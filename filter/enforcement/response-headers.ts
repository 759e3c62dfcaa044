import { bytes, getHeader, MapType, replaceHeader } from "proxy-wasm-as";

const STATUS = bytes(":status");
const DECISION = bytes("x-postern-decision");
const NONCE = bytes("dpop-nonce");
const STATUS_DIGITS = 3;
const DIGIT_ZERO: u32 = 0x30;

/** The response's; 0: it has none. */
export function responseStatus(): u32 {
  const digits = getHeader(MapType.ResponseHeaders, STATUS);
  let status: u32 = 0;
  if (digits === null) return status;
  for (let i = 0; i < digits.length && i < STATUS_DIGITS; i++) {
    status = status * 10 + (<u32>unchecked(digits[i]) - DIGIT_ZERO);
  }
  return status;
}

/** Puts the decision's id into the response and, where it is not empty, the nonce of the next proof (RFC 9449, section 8). */
export function markResponse(decision: Uint8Array, nonce: Uint8Array): void {
  replaceHeader(MapType.ResponseHeaders, DECISION, decision);
  if (nonce.length > 0) replaceHeader(MapType.ResponseHeaders, NONCE, nonce);
}
