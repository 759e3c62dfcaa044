import protobuf from "protobufjs";
import type { WireEvidence } from "../evidence/kept-evidence.ts";
import { RecentTexts } from "./recent-texts.ts";
import type { WireCompletion, WireDecision, WireFinding, WireRecord, WireTimings } from "./wire-record.ts";

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

type Reader = protobuf.Reader;

const NO_BYTES = Buffer.alloc(0);
const LONG_BYTES_MOST = 10;
/** Of a number, that fit an integer of V8. */
const LOW_BYTES = 4;
const LOW_VALUES = 2 ** (7 * LOW_BYTES);
const texts = new RecentTexts();

/**
 * Decodes a report as it comes from the wire: the messages of `proto/postern.proto`, field by field, as a test holds
 * against the general decoder. That one makes objects of as many shapes as there are sets of fields, each text anew and
 * two objects of each 64-bit number, and all that reads them pays for it.
 * @throws Error it is malformed
 */
export function decodeReport(message: Buffer): ReportRequest {
  const reader = protobuf.Reader.create(message);
  const { length } = message;
  const request: ReportRequest = {
    worker: NO_BYTES,
    policyDigest: NO_BYTES,
    bundleDigest: NO_BYTES,
    lost: 0,
    records: [],
    durable: false,
    moduleDigest: NO_BYTES,
    protocol: 0,
  };
  while (reader.pos < length) {
    const tag = reader.uint32();
    if (tag === bytesOf(5)) request.records.push(decodeRecord(reader));
    else if (tag === bytesOf(1)) request.worker = bytes(reader);
    else if (tag === bytesOf(2)) request.policyDigest = bytes(reader);
    else if (tag === bytesOf(3)) request.bundleDigest = bytes(reader);
    else if (tag === numberOf(4)) request.lost = long(reader);
    else if (tag === numberOf(6)) request.durable = reader.bool();
    else if (tag === bytesOf(7)) request.moduleDigest = bytes(reader);
    else if (tag === numberOf(15)) request.protocol = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return request;
}

function decodeRecord(reader: Reader): WireRecord {
  const end = endOf(reader);
  const record: WireRecord = { sequence: 0, decisionId: NO_BYTES, decision: null, completion: null, evidence: null };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === numberOf(1)) record.sequence = long(reader);
    else if (tag === bytesOf(2)) record.decisionId = bytes(reader);
    else if (tag === bytesOf(3)) record.decision = decodeDecision(reader);
    else if (tag === bytesOf(4)) record.completion = decodeCompletion(reader);
    else if (tag === bytesOf(5)) record.evidence = decodeEvidence(reader);
    else reader.skipType(tag & 7);
  }
  return whole(record, reader, end);
}

function decodeDecision(reader: Reader): WireDecision {
  const end = endOf(reader);
  const decision: WireDecision = {
    timeUnixMs: 0,
    method: "",
    route: "",
    rung: 0,
    effect: 0,
    reason: "",
    wouldDeny: "",
    issuer: "",
    subject: NO_BYTES,
    workload: "",
    grant: "",
    token: "",
    scoredBy: 0,
    scoreMillionths: 0,
    attackClass: 0,
    finding: null,
    uninspected: "",
    timings: null,
    expiredGrant: "",
    checks: 0,
    selfTest: false,
    surprisalMillibits: 0,
    usualMillibits: 0,
    apiKey: "",
    pathShape: "",
  };
  while (reader.pos < end) takeOfDecision(decision, reader, reader.uint32());
  return whole(decision, reader, end);
}

function takeOfDecision(decision: WireDecision, reader: Reader, tag: number): void {
  if (tag === numberOf(1)) decision.timeUnixMs = long(reader);
  else if (tag === bytesOf(2)) decision.method = text(reader);
  else if (tag === bytesOf(3)) decision.route = text(reader);
  else if (tag === numberOf(4)) decision.rung = reader.int32();
  else if (tag === numberOf(5)) decision.effect = reader.int32();
  else if (tag === bytesOf(6)) decision.reason = text(reader);
  else if (tag === bytesOf(7)) decision.wouldDeny = text(reader);
  else if (tag === bytesOf(8)) decision.issuer = text(reader);
  else if (tag === bytesOf(9)) decision.subject = bytes(reader);
  else if (tag === bytesOf(10)) decision.workload = text(reader);
  else if (tag === bytesOf(11)) decision.grant = text(reader);
  else if (tag === bytesOf(12)) decision.token = text(reader);
  else if (tag === numberOf(13)) decision.scoredBy = reader.int32();
  else if (tag === numberOf(14)) decision.scoreMillionths = reader.uint32();
  else if (tag === numberOf(15)) decision.attackClass = reader.int32();
  else if (tag === bytesOf(16)) decision.finding = decodeFinding(reader);
  else if (tag === bytesOf(17)) decision.uninspected = text(reader);
  else if (tag === bytesOf(18)) decision.timings = decodeTimings(reader);
  else if (tag === bytesOf(19)) decision.expiredGrant = text(reader);
  else if (tag === numberOf(20)) decision.checks = reader.uint32();
  else if (tag === numberOf(21)) decision.selfTest = reader.bool();
  else if (tag === numberOf(22)) decision.surprisalMillibits = reader.uint32();
  else if (tag === numberOf(23)) decision.usualMillibits = reader.uint32();
  else if (tag === bytesOf(30)) decision.apiKey = text(reader);
  else if (tag === bytesOf(31)) decision.pathShape = text(reader);
  else reader.skipType(tag & 7);
}

function decodeCompletion(reader: Reader): WireCompletion {
  const end = endOf(reader);
  const completion: WireCompletion = { responseStatus: 0, responseBytes: 0, ended: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === numberOf(1)) completion.responseStatus = reader.uint32();
    else if (tag === numberOf(2)) completion.responseBytes = long(reader);
    else if (tag === bytesOf(3)) completion.ended = text(reader);
    else reader.skipType(tag & 7);
  }
  return whole(completion, reader, end);
}

function decodeFinding(reader: Reader): WireFinding {
  const end = endOf(reader);
  const finding: WireFinding = { field: "", start: 0, end: 0, decodings: [] };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === bytesOf(1)) finding.field = text(reader);
    else if (tag === numberOf(2)) finding.start = reader.uint32();
    else if (tag === numberOf(3)) finding.end = reader.uint32();
    else if (tag === bytesOf(4)) finding.decodings.push(text(reader));
    else reader.skipType(tag & 7);
  }
  return whole(finding, reader, end);
}

function decodeTimings(reader: Reader): WireTimings {
  const end = endOf(reader);
  const timings: WireTimings = { requestUs: 0, identityUs: 0, policyUs: 0, valuesUs: 0, screenUs: 0, inferenceUs: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === numberOf(1)) timings.requestUs = reader.uint32();
    else if (tag === numberOf(2)) timings.identityUs = reader.uint32();
    else if (tag === numberOf(3)) timings.policyUs = reader.uint32();
    else if (tag === numberOf(4)) timings.valuesUs = reader.uint32();
    else if (tag === numberOf(5)) timings.screenUs = reader.uint32();
    else if (tag === numberOf(6)) timings.inferenceUs = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return whole(timings, reader, end);
}

function decodeEvidence(reader: Reader): WireEvidence {
  const end = endOf(reader);
  const evidence: WireEvidence = {
    window: NO_BYTES,
    sample: false,
    head: NO_BYTES,
    body: NO_BYTES,
    bodyCut: false,
    source: NO_BYTES,
    claims: NO_BYTES,
    edges: 0,
    kind: 0,
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === bytesOf(1)) evidence.window = bytes(reader);
    else if (tag === numberOf(2)) evidence.sample = reader.bool();
    else if (tag === bytesOf(3)) evidence.head = bytes(reader);
    else if (tag === bytesOf(4)) evidence.body = bytes(reader);
    else if (tag === numberOf(5)) evidence.bodyCut = reader.bool();
    else if (tag === bytesOf(6)) evidence.source = bytes(reader);
    else if (tag === bytesOf(7)) evidence.claims = bytes(reader);
    else if (tag === numberOf(8)) evidence.edges = reader.uint32();
    else if (tag === numberOf(9)) evidence.kind = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return whole(evidence, reader, end);
}

// Tags, as protobuf.dev, "Encoding", has them: a number is a varint, all else has its length before it.

function numberOf(field: number): number {
  return field << 3;
}

function bytesOf(field: number): number {
  return (field << 3) | 2;
}

/** Where the message ends whose length comes next. */
function endOf(reader: Reader): number {
  const length = reader.uint32();
  if (length > reader.len - reader.pos) throw new RangeError("a message goes beyond the end");
  return reader.pos + length;
}

function whole<Message>(message: Message, reader: Reader, end: number): Message {
  if (reader.pos !== end) throw new RangeError("a field goes beyond its message");
  return message;
}

function bytes(reader: Reader): Buffer {
  return reader.bytes() as Buffer;
}

function text(reader: Reader): string {
  const end = endOf(reader);
  const start = reader.pos;
  reader.pos = end;
  return texts.decode(reader.buf as Buffer, start, end);
}

/** A double, beyond 2^53 without its last digits. The reader's own makes two objects of each. */
function long(reader: Reader): number {
  let low = 0;
  let high = 0;
  let scale = 1;
  for (let count = 0; count < LONG_BYTES_MOST; count++) {
    if (reader.pos >= reader.len) throw new RangeError("a number goes beyond the end");
    const byte = reader.buf[reader.pos++] as number;
    if (count < LOW_BYTES) low |= (byte & 0x7f) << (7 * count);
    else {
      // The last of ten bytes has one bit of the 64.
      high += (byte & (count === LONG_BYTES_MOST - 1 ? 1 : 0x7f)) * scale;
      scale *= 128;
    }
    if (byte < 0x80) return high * LOW_VALUES + low;
  }
  throw new RangeError("a number has more than ten bytes");
}
