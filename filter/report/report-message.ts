import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";

/** Room for all of a report but its records. */
const HEAD_SIZE: i32 = 256;

/** A record on its way to the sidecar: `postern.v1.Record` without its sequence and id. */
export class PendingRecord {
  /** It is part of a report: it must come again as it is. */
  sent: bool = false;
  /** There was no room for it. */
  dropped: bool = false;

  constructor(
    public readonly sequence: u64,
    public readonly decisionId: Uint8Array,
    public readonly policyDigest: Uint8Array,
    /** Empty: none. */
    public readonly decision: Uint8Array,
    /** `postern.v1.Evidence`; empty: none. Let go where records wait too long. */
    public evidence: Uint8Array,
    public completion: Uint8Array | null,
    /** Its acknowledgement must mean that it is on the disk. */
    public readonly durable: bool,
  ) {}

  /** Bytes that it keeps, roughly. */
  get weight(): i32 {
    return this.decision.length + this.evidence.length + 64;
  }

  /** Bytes of the message that is made of it, at most. */
  get encodedMost(): i32 {
    return this.weight + 32;
  }
}

/** `postern.v1.ReportRequest`. `durable`: the reply must wait for the disk. */
export function encodeReportRequest(
  worker: Uint8Array,
  policyDigest: Uint8Array,
  bundleDigest: Uint8Array,
  lost: u64,
  records: PendingRecord[],
  durable: bool,
  moduleDigest: Uint8Array,
): Uint8Array {
  let size = HEAD_SIZE;
  for (let i = 0; i < records.length; i++) size += records[i].encodedMost;
  const writer = new ProtobufWriter(size);
  writer.bytes(1, worker).bytes(2, policyDigest).bytes(3, bundleDigest).uint(4, lost);
  for (let i = 0; i < records.length; i++) writer.element(5, encodeRecord(records[i]));
  return writer
    .uint(6, durable ? 1 : 0)
    .bytes(7, moduleDigest)
    .uint(PROTOCOL_FIELD, PROTOCOL)
    .finish();
}

function encodeRecord(record: PendingRecord): Uint8Array {
  const writer = new ProtobufWriter(record.encodedMost);
  writer.uint(1, record.sequence).bytes(2, record.decisionId).bytes(3, record.decision);
  const completion = record.completion;
  if (completion !== null) writer.element(4, completion);
  writer.bytes(5, record.evidence);
  return writer.finish();
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
