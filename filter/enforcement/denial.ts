import { bytes } from "proxy-wasm-as/bytes";
import { Evaluation } from "../evaluate";
import { Reason, reasonRow } from "../verdict";
import { challenge, challenges } from "./challenge";

const CONTENT_TYPE = bytes("content-type");
const PROBLEM_JSON = bytes("application/problem+json");
const CACHE_CONTROL = bytes("cache-control");
const NO_STORE = bytes("no-store");
const WWW_AUTHENTICATE = bytes("www-authenticate");
const RETRY_AFTER = bytes("retry-after");
/** Until what was unavailable may be there again. */
const RETRY_SECONDS: u32 = 1;

/** The header fields of a denial: names and values in turn. */
export function denialFields(evaluation: Evaluation, reason: Reason): Uint8Array[] {
  const status = reasonRow(reason).status;
  const fields: Uint8Array[] = [CONTENT_TYPE, PROBLEM_JSON, CACHE_CONTROL, NO_STORE];
  if (challenges(evaluation, reason)) {
    fields.push(WWW_AUTHENTICATE);
    fields.push(challenge(evaluation, reason));
  } else if (status == 503 || status == 429) {
    const wait = status == 429 ? max(evaluation.flood.retryAfterSeconds, RETRY_SECONDS) : RETRY_SECONDS;
    fields.push(RETRY_AFTER);
    fields.push(bytes(wait.toString()));
  }
  return fields;
}

/** `application/problem+json` (RFC 9457): a coarse reason and the decision's id. */
export function denialBody(reason: Reason, decision: Uint8Array): Uint8Array {
  const row = reasonRow(reason);
  return bytes(
    `{"type":"about:blank","title":"${title(row.status)}","status":${row.status},` +
      `"reason":"${ascii(row.publicReason)}","decision":"${ascii(decision)}"}`,
  );
}

function ascii(text: Uint8Array): string {
  return String.UTF8.decodeUnsafe(text.dataStart, text.length);
}

function title(status: u32): string {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Forbidden";
  }
}
