import protobuf from "protobufjs";
import type { WireEvidence } from "../evidence/kept-evidence.ts";
import type { WireRecord } from "./wire-record.ts";

/** postern.v1.ReportRequest */
export interface ReportRequest {
  worker: Buffer;
  policyDigest: Buffer;
  bundleDigest: Buffer;
  lost: number;
  records: WireRecord[];
  durable: boolean;
  moduleDigest: Buffer;
  protocol: number;
}

/** 64 bits, before they are a number. */
type Long = protobuf.Long | number;

const NO_BYTES = Buffer.alloc(0);
/** As `@grpc/proto-loader` decodes all other messages. */
const CONVERSION = { longs: Number, enums: String, defaults: true } as const;

/**
 * Decodes reports as they come from the wire. The general decoder makes an object of each message a second time, with a
 * member for each field that was not sent: of records that is half of the work.
 */
export function reportDecoder(protoPath: string): (message: Buffer) => ReportRequest {
  const root = protobuf.loadSync(protoPath);
  const report = root.lookupType("postern.v1.ReportRequest");
  const evidence = root.lookupType("postern.v1.Evidence");
  return (message) => {
    const request = report.decode(message) as unknown as ReportRequest;
    request.lost = toNumber(request.lost);
    request.worker = toBuffer(request.worker);
    request.policyDigest = toBuffer(request.policyDigest);
    request.bundleDigest = toBuffer(request.bundleDigest);
    request.moduleDigest = toBuffer(request.moduleDigest);
    for (const record of request.records) {
      const { decision, completion } = record;
      record.sequence = toNumber(record.sequence);
      record.decisionId = toBuffer(record.decisionId);
      if (decision !== null) {
        decision.timeUnixMs = toNumber(decision.timeUnixMs);
        decision.subject = toBuffer(decision.subject);
      }
      if (completion !== null) completion.responseBytes = toNumber(completion.responseBytes);
      if (record.evidence !== null)
        record.evidence = evidence.toObject(record.evidence as never, CONVERSION) as WireEvidence;
    }
    return request;
  };
}

/** A double, beyond 2^53 without its last digits. */
function toNumber(value: Long): number {
  return typeof value === "number" ? value : (value.high >>> 0) * 2 ** 32 + (value.low >>> 0);
}

/** Bytes that were not sent are an array without elements. */
function toBuffer(bytes: Buffer): Buffer {
  return bytes.length === 0 ? NO_BYTES : bytes;
}
