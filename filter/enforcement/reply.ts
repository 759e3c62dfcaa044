import { bytes, HeaderList, Status, sendLocalResponse } from "proxy-wasm-as";
import { Evaluation } from "../evaluate";
import { Reason, reasonRow } from "../verdict";
import { challenge } from "./challenge";

const CONTENT_TYPE = bytes("content-type");
const PROBLEM_JSON = bytes("application/problem+json");
const CACHE_CONTROL = bytes("cache-control");
const NO_STORE = bytes("no-store");
const WWW_AUTHENTICATE = bytes("www-authenticate");
const RETRY_AFTER = bytes("retry-after");
/** Until what was unavailable may be there again. */
const RETRY_SECONDS: u32 = 1;

/** Denies the request with `application/problem+json` (RFC 9457): a coarse reason and the decision's id. */
export function sendDenial(evaluation: Evaluation, reason: Reason, decision: Uint8Array): Status {
  const row = reasonRow(reason);
  const headers = new HeaderList();
  headers.add(CONTENT_TYPE, PROBLEM_JSON).add(CACHE_CONTROL, NO_STORE);
  if (row.status == 401) headers.add(WWW_AUTHENTICATE, challenge(evaluation, reason));
  const wait = row.status == 429 ? max(evaluation.flood.retryAfterSeconds, RETRY_SECONDS) : RETRY_SECONDS;
  if (row.status == 503 || row.status == 429) headers.add(RETRY_AFTER, bytes(wait.toString()));
  const body =
    `{"type":"about:blank","title":"${title(row.status)}","status":${row.status},` +
    `"reason":"${ascii(row.publicReason)}","decision":"${ascii(decision)}"}`;
  return sendLocalResponse(
    row.status,
    bytes(`postern_${ascii(row.code)}`),
    headers,
    bytes(body),
    grpcStatus(row.status),
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

/** The status that a gRPC client sees (the mapping of gRPC's HTTP status codes). */
function grpcStatus(status: u32): i32 {
  if (status == 401) return 16;
  if (status == 403) return 7;
  return status == 503 || status == 429 ? 14 : 13;
}
