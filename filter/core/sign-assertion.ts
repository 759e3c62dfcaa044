import { Assertion } from "../identity/assertion";
import { signAssertion } from "./host";

/** As the filter takes of the sidecar. */
const MAX_ASSERTION_BYTES = 9 * 1024;

/** Has Node sign at once what is to be signed. */
export function signAtOnce(assertion: Assertion): void {
  const inquiry = assertion.inquiry;
  if (inquiry === null) return;
  const claims = inquiry.claims;
  const signed = new Uint8Array(MAX_ASSERTION_BYTES);
  const expires = <f64>inquiry.expiresSeconds;
  const length = signAssertion(claims.dataStart, claims.length, expires, signed.dataStart, signed.length);
  inquiry.isAsked = true;
  inquiry.answer = signed.slice(0, length);
}
