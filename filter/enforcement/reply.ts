import { bytes, HeaderList, Status, sendLocalResponse } from "proxy-wasm-as";
import { Evaluation } from "../evaluate";
import { Reason, reasonRow } from "../verdict";
import { denialBody, denialFields } from "./denial";

/** Denies the request with a problem document. */
export function sendDenial(evaluation: Evaluation, reason: Reason, decision: Uint8Array): Status {
  const row = reasonRow(reason);
  const headers = new HeaderList();
  const fields = denialFields(evaluation, reason);
  for (let i = 0; i < fields.length; i += 2) headers.add(fields[i], fields[i + 1]);
  const details = bytes(`postern_${String.UTF8.decodeUnsafe(row.code.dataStart, row.code.length)}`);
  return sendLocalResponse(row.status, details, headers, denialBody(reason, decision), grpcStatus(row.status));
}

/** The status that a gRPC client sees (the mapping of gRPC's HTTP status codes). */
function grpcStatus(status: u32): i32 {
  if (status == 401) return 16;
  if (status == 403) return 7;
  return status == 503 || status == 429 ? 14 : 13;
}
