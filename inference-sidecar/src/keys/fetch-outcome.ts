/** What became of an attempt to fetch keys; labels of a metric. */
export type FetchOutcome = "fetched" | "certificate" | "unreachable" | "answer";

/** Of Node's codes for what OpenSSL has against a certificate (`X509_V_ERR_…`), and for a name that it does not have. */
const CERTIFICATE_CODES = /CERT|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH/;

/** Whether the issuer could not be believed, not be reached, or its answer not be used. */
export function failureOutcome({ code = "" }: NodeJS.ErrnoException): Exclude<FetchOutcome, "fetched"> {
  if (CERTIFICATE_CODES.test(code)) return "certificate";
  // What was read is judged by jose, whose codes begin so, and by checks whose errors have none.
  const isAnswer = code === "" || (code.startsWith("ERR_J") && code !== "ERR_JWKS_TIMEOUT");
  return isAnswer ? "answer" : "unreachable";
}
