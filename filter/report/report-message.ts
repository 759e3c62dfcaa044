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

/** `acknowledged` of `postern.v1.ReportResponse`; 0 where the message is malformed. */
export function decodeAcknowledged(message: Uint8Array): u64 {
  const reader = new ProtobufReader(message);
  let acknowledged: u64 = 0;
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) acknowledged = reader.value;
  return reader.malformed ? 0 : acknowledged;
}
