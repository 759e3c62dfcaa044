import type { Admission } from "./admission.ts";
import type { Handler } from "./calls.ts";
import type { Pseudonym } from "./decision-log/pseudonym.ts";
import { RecordLine } from "./decision-log/record-line.ts";
import { recordOrigin } from "./decision-log/record-origin.ts";
import type { ReportRequest } from "./decision-log/report-request.ts";
import type { SealedLog } from "./decision-log/sealed-log.ts";
import { sortOut, type WorkerSequences } from "./decision-log/sequences.ts";
import type { EvidenceIntake } from "./evidence/evidence-intake.ts";
import type { Metrics } from "./metrics.ts";
import type { Models } from "./models/models.ts";
import type { Subjects } from "./policy/policy.ts";
import { logEvent } from "./process-log.ts";
import { ServiceError } from "./service-error.ts";
import { Turns } from "./turns.ts";

/** postern.v1.ReportResponse */
interface ReportResponse {
  acknowledged: number;
  takesMore: true;
}

export interface ReportParts {
  readonly recordsMost: number;
  readonly admission: Admission;
  readonly sequences: WorkerSequences;
  readonly log: SealedLog;
  readonly pseudonym: Pseudonym;
  readonly subjects: () => Subjects;
  readonly metrics: Metrics;
  readonly evidence: EvidenceIntake;
  readonly models: Models;
  /** `written`: all lines of the report as they stand in the log; they must not be kept. */
  readonly onWritten: (lines: readonly RecordLine[], written: Buffer) => void;
}

const WORKER_BYTES = 16;
const DECISION_ID_BYTES = 16;
const DIGEST_BYTES = 32;
/** Written at once, at most: calls that wait for the model come in between. */
const PART_RECORDS = 512;
const DISK_ERROR_LOG_MS = 10_000;

/** Writes what is new of a report, one report after the other, and acknowledges what is written. */
export function reportHandler(parts: ReportParts): Handler<ReportRequest, ReportResponse> {
  const turns = new Turns();
  return async (request) => {
    validate(request, parts.recordsMost);
    const release = parts.admission.admit();
    try {
      return { acknowledged: await turns.take(() => write(request, parts)), takesMore: true };
    } finally {
      release();
      // A call that is over stays for long in V8's old generation: what it holds would not be collected with the young one.
      request.records = [];
    }
  };
}

/** @returns the highest sequence of the worker that is written */
async function write(request: ReportRequest, parts: ReportParts): Promise<number> {
  const { sequences, metrics, pseudonym } = parts;
  const worker = hex(request.worker, WORKER_BYTES);
  const before = sequences.of(worker);
  const { news, gaps, duplicates, missing, last } = sortOut(request.records, before.last);
  const lost = Math.max(before.lost, request.lost);
  const bundle = hex(request.bundleDigest, DIGEST_BYTES);
  const origin = recordOrigin({
    worker,
    policy: hex(request.policyDigest, DIGEST_BYTES),
    bundle,
    module: hex(request.moduleDigest, DIGEST_BYTES),
    pseudonym,
    subjects: parts.subjects(),
  });
  parts.models.name(bundle);
  await onDisk(parts, async (log) => {
    for (let start = 0; start < news.length; start += PART_RECORDS) {
      const part = news.slice(start, start + PART_RECORDS);
      const kept = await parts.evidence.take(part, bundle);
      const lines: object[] = [];
      // Probes of the self-test are logged, and nothing is learnt or counted of them.
      const counted: RecordLine[] = [];
      const now = Date.now();
      for (const record of part) {
        const gap = gaps.get(record);
        if (gap !== undefined) lines.push({ v: 1, time: new Date(now).toISOString(), gap: { worker, ...gap, lost } });
        const line = new RecordLine(record, origin, now, kept.get(record) ?? null);
        lines.push(line);
        if (!line.isProbe) counted.push(line);
      }
      await log.append(lines, (written) => {
        sequences.set(worker, { last: part.at(-1)?.sequence ?? last, lost });
        countEffects(counted, metrics);
        parts.onWritten(counted, written);
      });
    }
    if (news.length === 0) sequences.set(worker, { last, lost });
    if (request.durable) await log.sync();
  });
  metrics.duplicates.inc(duplicates);
  metrics.missing.inc(missing);
  metrics.lost.inc(lost - before.lost);
  return last;
}

function countEffects(lines: readonly RecordLine[], metrics: Metrics): void {
  const counts = new Map<string, number>();
  for (const { decided } of lines) {
    if (decided !== null) counts.set(decided.effect, (counts.get(decided.effect) ?? 0) + 1);
  }
  for (const [effect, count] of counts) metrics.records.inc({ effect }, count);
}

async function onDisk({ log, metrics }: ReportParts, work: (log: SealedLog) => Promise<void>): Promise<void> {
  try {
    await work(log);
  } catch (error) {
    metrics.logErrors.inc();
    logDiskError(error as Error);
    throw new ServiceError("unavailable", "the decision log can't be written", { cause: error });
  }
}

let diskErrorLoggedAt = Number.NEGATIVE_INFINITY;

function logDiskError({ message }: Error): void {
  if (performance.now() - diskErrorLoggedAt < DISK_ERROR_LOG_MS) return;
  diskErrorLoggedAt = performance.now();
  logEvent("error", "decision_log_write_failed", { message });
}

function validate({ worker, lost, records }: ReportRequest, recordsMost: number): void {
  if (worker.length !== WORKER_BYTES) throw invalid(`expected a worker of ${WORKER_BYTES} bytes`);
  if (!Number.isSafeInteger(lost)) throw invalid("lost is out of range");
  if (records.length > recordsMost) throw invalid(`expected at most ${recordsMost} records`);
  let before = 0;
  for (const { sequence, decisionId, decision, completion } of records) {
    if (!Number.isSafeInteger(sequence) || sequence <= before) throw invalid("expected ascending sequences from 1");
    if (decisionId.length !== DECISION_ID_BYTES) throw invalid(`expected decision ids of ${DECISION_ID_BYTES} bytes`);
    if (decision === null && completion === null) throw invalid("expected a decision or a completion in each record");
    if (!Number.isSafeInteger(decision?.timeUnixMs ?? 0) || !Number.isSafeInteger(completion?.responseBytes ?? 0))
      throw invalid("a number is out of range");
    before = sequence;
  }
}

/** At most `most` bytes in hexadecimal. */
function hex(bytes: Buffer, most: number): string {
  return bytes.toString("hex", 0, Math.min(bytes.length, most));
}

function invalid(message: string): ServiceError {
  return new ServiceError("invalid_argument", message);
}
