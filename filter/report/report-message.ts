import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { CompletedRecord } from "./record";

/** `postern.v1.ReportRequest`. */
export function encodeReportRequest(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  bundleDigest: Uint8Array,
  lost: u64,
  records: CompletedRecord[],
): Uint8Array {
  const writer = new ProtobufWriter(4096);
  writer.bytes(1, worker).bytes(2, policyDigest).bytes(3, bundleDigest).uint(4, lost);
  for (let i = 0; i < records.length; i++) writer.element(5, records[i].encoded);
  return writer.finish();
}

/** `acknowledged` of `postern.v1.ReportResponse`; 0 where the message is malformed. */
export function decodeAcknowledged(message: Uint8Array): u64 {
  const reader = new ProtobufReader(message);
  let acknowledged: u64 = 0;
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) acknowledged = reader.value;
  return reader.malformed ? 0 : acknowledged;
}
