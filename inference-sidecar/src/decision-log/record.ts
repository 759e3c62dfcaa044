import { printable } from "./printable.ts";
import type { Pseudonym } from "./pseudonym.ts";

/** postern.v1.Record as decoded: 64-bit numbers as doubles, enums by name (a number if unknown). */
export interface WireRecord {
  sequence: number;
  decisionId: Buffer;
  decision: WireDecision | null;
  completion: WireCompletion | null;
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
  timings: Record<`${Stage}Us`, number> | null;
}

const STAGES = ["request", "identity", "policy", "values", "screen", "inference"] as const;
type Stage = (typeof STAGES)[number];

/** A decision's line in the log; an empty text: there is none. Nothing in it is a value of a request. */
export type LogRecord = ReturnType<typeof decisionLine>;

/** The line of a completion that came after its decision. */
export type CompletionLine = ReturnType<typeof completionLine>;

export interface RecordOrigin {
  /** Hexadecimal. */
  readonly worker: string;
  readonly policy: string;
  readonly bundle: string;
  readonly pseudonym: Pseudonym;
}

const DECODINGS_MOST = 16;
const TIME_LAST_MS = 8.64e15;

/**
 * Shapes a record for the log: lengths limited, control characters gone, the subject as a keyed hash. Pure.
 * @param time now, for what has no time of its own
 */
export function logLine(record: WireRecord, origin: RecordOrigin, time: string): LogRecord | CompletionLine {
  return record.decision === null
    ? completionLine(record, origin, time)
    : decisionLine(record, record.decision, origin);
}

function completionLine({ decisionId, sequence, completion }: WireRecord, { worker }: RecordOrigin, time: string) {
  return { v: 1, time, worker, sequence, completes: hex(decisionId, 16), response: response(completion) };
}

function decisionLine(
  { decisionId, sequence, completion }: WireRecord,
  record: WireDecision,
  { worker, policy, bundle, pseudonym }: RecordOrigin,
) {
  const { finding, timings } = record;
  return {
    v: 1,
    id: hex(decisionId, 16),
    time: new Date(Math.min(record.timeUnixMs, TIME_LAST_MS)).toISOString(),
    worker,
    sequence,
    policy,
    bundle,
    method: printable(record.method, 32),
    route: printable(record.route, 128),
    rung: enumName(record.rung),
    effect: enumName(record.effect),
    reason: printable(record.reason, 64),
    wouldDeny: printable(record.wouldDeny, 64) || null,
    subject: {
      issuer: printable(record.issuer, 128),
      id: record.subject.length === 0 ? "" : pseudonym(record.issuer, record.subject),
      workload: printable(record.workload, 256),
      grant: printable(record.grant, 160),
      token: printable(record.token, 48),
    },
    score: {
      by: enumName(record.scoredBy),
      value: record.scoreMillionths / 1_000_000,
      // The screen knows no classes.
      class: enumName(record.scoredBy) === "model" ? enumName(record.attackClass) : "",
      finding:
        finding === null
          ? null
          : {
              field: printable(finding.field, 96),
              start: finding.start,
              end: finding.end,
              decodings: finding.decodings.slice(0, DECODINGS_MOST).map((name) => printable(name, 32)),
            },
      uninspected: printable(record.uninspected, 64) || null,
    },
    /** Null: the stream had not ended; a later line of the same id tells. */
    response: response(completion),
    timingsUs: Object.fromEntries(STAGES.map((stage) => [stage, timings?.[`${stage}Us`] ?? 0])) as Record<
      Stage,
      number
    >,
  };
}

function response(completion: WireCompletion | null) {
  if (completion === null) return null;
  const { responseStatus: status, responseBytes: bytes, ended } = completion;
  return { status, bytes, ended: printable(ended, 64) || null };
}

/** At most `most` bytes in hexadecimal. */
export function hex(bytes: Buffer, most: number): string {
  return bytes.toString("hex", 0, Math.min(bytes.length, most));
}

function enumName(value: string | number): string {
  return typeof value === "string" ? value.toLowerCase() : "unknown";
}
