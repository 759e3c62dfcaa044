import type { WireEvidence } from "../evidence/kept-evidence.ts";
import { unlinked } from "./chain.ts";
import { printable } from "./printable.ts";
import type { Pseudonym } from "./pseudonym.ts";

/** postern.v1.Record as decoded: 64-bit numbers as doubles, enums by name (a number if unknown). */
export interface WireRecord {
  sequence: number;
  decisionId: Buffer;
  decision: WireDecision | null;
  completion: WireCompletion | null;
  evidence: WireEvidence | null;
}

export interface WireCompletion {
  responseStatus: number;
  responseBytes: number;
  ended: string;
}

/** postern.v1.Decision */
export interface WireDecision {
  timeUnixMs: number;
  method: string;
  route: string;
  rung: string | number;
  effect: string | number;
  reason: string;
  wouldDeny: string;
  issuer: string;
  subject: Buffer;
  workload: string;
  grant: string;
  token: string;
  scoredBy: string | number;
  scoreMillionths: number;
  attackClass: string | number;
  finding: { field: string; start: number; end: number; decodings: string[] } | null;
  uninspected: string;
  timings: Record<`${"identity" | "inference" | "policy" | "request" | "screen" | "values"}Us`, number> | null;
  expiredGrant: string;
  checks: number;
  surprisalMillibits: number;
  usualMillibits: number;
  selfTest: boolean;
  apiKey: string;
  pathShape: string;
}

/** A decision's line in the log; an empty text: there is none. Nothing in it is a value of a request. */
export type LogRecord = ReturnType<typeof decisionLine>;

/** The line of a completion that came after its decision. */
export type CompletionLine = ReturnType<typeof completionLine>;

export interface RecordOrigin {
  /** Hexadecimal. */
  readonly worker: string;
  readonly policy: string;
  readonly bundle: string;
  /** Empty: not known. */
  readonly module: string;
  readonly pseudonym: Pseudonym;
}

/** NIST SP 800-207A, by their bits in `postern.v1.Decision`. */
export const CHECKS = [
  "encrypted",
  "service_authenticated",
  "service_authorised",
  "user_authenticated",
  "user_authorised",
] as const;
export type Check = (typeof CHECKS)[number];

const DECODINGS_MOST = 16;
const TIME_LAST_MS = 8.64e15;

/**
 * Shapes a record for the log: lengths limited, control characters gone, the subject as a keyed hash. Pure.
 * @param time now, for what has no time of its own
 * @param evidence name of what is kept of the request, or null
 */
export function logLine(
  record: WireRecord,
  origin: RecordOrigin,
  time: string,
  evidence: string | null,
): LogRecord | CompletionLine {
  return record.decision === null
    ? completionLine(record, origin, time)
    : decisionLine(record, record.decision, origin, evidence);
}

// Members stand in the order of canonical JSON (RFC 8785): by name, capital letters first.

function completionLine({ decisionId, sequence, completion }: WireRecord, { worker }: RecordOrigin, time: string) {
  return {
    completes: hex(decisionId, 16),
    n: unlinked.n,
    prev: unlinked.prev,
    response: response(completion),
    sequence,
    time,
    v: 1,
    worker,
  };
}

function decisionLine(
  { decisionId, sequence, completion }: WireRecord,
  record: WireDecision,
  { worker, policy, bundle, module, pseudonym }: RecordOrigin,
  evidence: string | null,
) {
  return {
    bundle,
    /** Those of the five of NIST SP 800-207A that the request passed. */
    checks: CHECKS.filter((_, bit) => (record.checks & (1 << bit)) !== 0),
    effect: enumName(record.effect),
    /** What is kept of the request in `STATE/evidence`, by its digest; null: nothing. */
    evidence,
    id: hex(decisionId, 16),
    method: printable(record.method, 32),
    module,
    n: unlinked.n,
    policy,
    prev: unlinked.prev,
    reason: printable(record.reason, 64),
    /** Null: the stream had not ended; a later line of the same id tells. */
    response: response(completion),
    route: printable(record.route, 128),
    rung: enumName(record.rung),
    score: score(record),
    /** Only where it is a probe of the self-test. */
    ...(record.selfTest ? { selfTest: true } : {}),
    sequence,
    /** Words of the path, where no route or one on rung observe took the request; else empty. */
    shape: printable(record.pathShape, 512),
    subject: {
      apiKey: printable(record.apiKey, 64),
      expiredGrant: printable(record.expiredGrant, 160) || null,
      grant: printable(record.grant, 160),
      id: record.subject.length === 0 ? "" : pseudonym(record.issuer, record.subject),
      issuer: printable(record.issuer, 128),
      token: printable(record.token, 48),
      workload: printable(record.workload, 256),
    },
    time: new Date(Math.min(record.timeUnixMs, TIME_LAST_MS)).toISOString(),
    timingsUs: timings(record.timings),
    v: 1,
    worker,
    wouldDeny: printable(record.wouldDeny, 64) || null,
  };
}

function score(record: WireDecision) {
  const { scoredBy, scoreMillionths, attackClass, finding, uninspected } = record;
  const by = enumName(scoredBy);
  return {
    by,
    // The screen knows no classes.
    class: by === "model" ? enumName(attackClass) : "",
    finding: finding === null ? null : place(finding),
    surprisal: surprisal(record),
    uninspected: printable(uninspected, 64) || null,
    value: scoreMillionths / 1_000_000,
  };
}

/** Bits a byte; null: no language model has read the finding. */
function surprisal({ surprisalMillibits: bits, usualMillibits: usual }: WireDecision) {
  return usual === 0 ? null : { bits: bits / 1000, usual: usual / 1000 };
}

function timings(spent: WireDecision["timings"]) {
  return {
    identity: spent?.identityUs ?? 0,
    inference: spent?.inferenceUs ?? 0,
    policy: spent?.policyUs ?? 0,
    request: spent?.requestUs ?? 0,
    screen: spent?.screenUs ?? 0,
    values: spent?.valuesUs ?? 0,
  };
}

function place({ field, start, end, decodings }: NonNullable<WireDecision["finding"]>) {
  return {
    decodings: decodings.slice(0, DECODINGS_MOST).map((name) => printable(name, 32)),
    end,
    field: printable(field, 96),
    start,
  };
}

function response(completion: WireCompletion | null) {
  if (completion === null) return null;
  const { responseStatus: status, responseBytes: bytes, ended } = completion;
  return { bytes, ended: printable(ended, 64) || null, status };
}

/** At most `most` bytes in hexadecimal. */
export function hex(bytes: Buffer, most: number): string {
  return bytes.toString("hex", 0, Math.min(bytes.length, most));
}

function enumName(value: string | number): string {
  return typeof value === "string" ? value.toLowerCase() : "unknown";
}
