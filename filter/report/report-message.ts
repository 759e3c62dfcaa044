import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";

/** Room for all of a report but its records. */
const HEAD_SIZE: i32 = 256;

/** `postern.v1.ReportRequest`. `records`: elements of its field, `durable`: the reply must wait for the disk. */
export function encodeReportRequest(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  bundleDigest: Uint8Array,
  lost: u64,
  records: Uint8Array,
  durable: bool,
  moduleDigest: Uint8Array,
): Uint8Array {
  const writer = new ProtobufWriter(HEAD_SIZE + records.length);
  writer.bytes(1, worker).bytes(2, policyDigest).bytes(3, bundleDigest).uint(4, lost).append(records);
  return writer
    .uint(6, durable ? 1 : 0)
    .bytes(7, moduleDigest)
    .uint(PROTOCOL_FIELD, PROTOCOL)
    .finish();
}

/** `postern.v1.ReportResponse` */
export class ReportResponse {
  acknowledged: u64 = 0;
  takesMore: bool = false;
}

/** What says nothing where the message is malformed. */
export function decodeReportResponse(message: Uint8Array): ReportResponse {
  const reader = new ProtobufReader(message);
  const response = new ReportResponse();
  for (let field = reader.next(); field != 0; field = reader.next()) {
    if (field == 1) response.acknowledged = reader.value;
    else if (field == 2) response.takesMore = reader.value != 0;
  }
  return reader.malformed ? new ReportResponse() : response;
}
