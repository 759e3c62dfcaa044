import { ATTACK_CLASSES } from "../bundle.ts";
import { MODES, type Subjects } from "../policy/policy.ts";
import { UnlinkedLine } from "./chain.ts";
import { jsonText } from "./json-text.ts";
import type { Pseudonym } from "./pseudonym.ts";
import { CHECKS, type CompletionLine, type LogRecord } from "./record.ts";
import { isoTime } from "./time.ts";
import { EFFECTS, SCORED_BY, type WireCompletion, type WireDecision, type WireRecord } from "./wire-record.ts";

export interface RecordOrigin {
  /** Hexadecimal. */
  readonly worker: string;
  readonly policy: string;
  readonly bundle: string;
  /** Empty: not known. */
  readonly module: string;
  readonly pseudonym: Pseudonym;
  readonly subjects: Subjects;
}

/** What is counted of decisions, as their lines say it. */
export type Decided = Pick<LogRecord, "effect" | "reason" | "route" | "rung" | "time" | "wouldDeny">;

/** A decision, or a completion that came after its decision, as it goes into the log. */
export class RecordLine extends UnlinkedLine {
  /** Of the decision, hexadecimal. */
  readonly id: string;
  /** Null: this is a completion. */
  readonly decided: Decided | null;
  readonly isProbe: boolean;

  constructor(parts: [string, string, string], id: string, decided: Decided | null, isProbe: boolean) {
    super(...parts);
    this.id = id;
    this.decided = decided;
    this.isProbe = isProbe;
  }

  /** What a reader of the log gets, but for the link. */
  read(): LogRecord | CompletionLine {
    return JSON.parse(this.linked(0, ""));
  }
}

const DECODINGS_MOST = 16;

/** JSON of each set of checks, by its bits. */
const checkSets = Array.from({ length: 1 << CHECKS.length }, (_, bits) =>
  JSON.stringify(CHECKS.filter((_, bit) => (bits & (1 << bit)) !== 0)),
);

const fields = {
  apiKey: jsonText(64),
  decoding: jsonText(32),
  ended: jsonText(64),
  field: jsonText(96),
  grant: jsonText(160),
  issuer: jsonText(128),
  method: jsonText(32),
  reason: jsonText(64),
  route: jsonText(128),
  shape: jsonText(512),
  sub: jsonText(128),
  token: jsonText(48),
  workload: jsonText(256),
};

/**
 * Shapes a record for the log: lengths limited, control characters gone, the subject as a keyed hash. Pure.
 * @param time now, for what has no time of its own
 * @param evidence name of what is kept of the request, or null
 */
export function recordLine(
  record: WireRecord,
  origin: RecordOrigin,
  time: string,
  evidence: string | null,
): RecordLine {
  return record.decision === null
    ? completionLine(record, origin, time)
    : decisionLine(record, record.decision, origin, evidence);
}

// Members stand in the order of canonical JSON (RFC 8785): by name, capital letters first.

function completionLine({ decisionId, sequence, completion }: WireRecord, { worker }: RecordOrigin, time: string) {
  const id = hex(decisionId, 16);
  const rest = `,"response":${response(completion)},"sequence":${sequence},"time":"${time}","v":1,"worker":"${worker}"}`;
  return new RecordLine([`{"completes":"${id}",`, ",", rest], id, null, false);
}

function decisionLine(
  { decisionId, sequence, completion }: WireRecord,
  record: WireDecision,
  origin: RecordOrigin,
  evidence: string | null,
): RecordLine {
  const { worker, policy, bundle, module } = origin;
  const id = hex(decisionId, 16);
  const effect = nameIn(EFFECTS, record.effect);
  const rung = nameIn(MODES, record.rung);
  const reason = fields.reason(record.reason);
  const route = fields.route(record.route);
  const wouldDeny = fields.reason(record.wouldDeny);
  const time = isoTime(record.timeUnixMs);
  const beforeN =
    `{"bundle":"${bundle}","checks":${checkSets[record.checks % checkSets.length]},"effect":"${effect}"` +
    `,"evidence":${evidence === null ? "null" : `"${evidence}"`},"id":"${id}"` +
    `,"method":${fields.method(record.method).json},"module":"${module}",`;
  const rest =
    `,"reason":${reason.json},"response":${response(completion)},"route":${route.json},"rung":"${rung}"` +
    `,"score":${score(record)}${record.selfTest ? ',"selfTest":true' : ""},"sequence":${sequence}` +
    `,"shape":${fields.shape(record.pathShape).json},"subject":${subject(record, origin)},"time":"${time}"` +
    `,"timingsUs":${timings(record.timings)},"v":1,"worker":"${worker}","wouldDeny":${wouldDeny.jsonOrNull}}`;
  const decided = {
    effect,
    reason: reason.text,
    route: route.text,
    rung,
    time,
    wouldDeny: wouldDeny.text || null,
  };
  return new RecordLine([beforeN, `,"policy":"${policy}",`, rest], id, decided, record.selfTest);
}

function subject(record: WireDecision, { pseudonym, subjects }: RecordOrigin): string {
  const isKnown = record.subject.length > 0;
  const id = isKnown ? pseudonym(record.issuer, record.subject) : "";
  const clear = isKnown && subjects === "clear" ? `,"sub":${fields.sub(record.subject.toString()).json}` : "";
  return (
    `{"apiKey":${fields.apiKey(record.apiKey).json},"expiredGrant":${fields.grant(record.expiredGrant).jsonOrNull}` +
    `,"grant":${fields.grant(record.grant).json},"id":"${id}","issuer":${fields.issuer(record.issuer).json}${clear}` +
    `,"token":${fields.token(record.token).json},"workload":${fields.workload(record.workload).json}}`
  );
}

function score(record: WireDecision): string {
  const { scoredBy, scoreMillionths, attackClass, finding, uninspected } = record;
  const by = nameIn(SCORED_BY, scoredBy);
  // The screen knows no classes.
  const likeliest = by === "model" ? nameIn(ATTACK_CLASSES, attackClass) : "";
  return (
    `{"by":"${by}","class":"${likeliest}","finding":${finding === null ? "null" : place(finding)}` +
    `,"surprisal":${surprisal(record)},"uninspected":${fields.reason(uninspected).jsonOrNull}` +
    `,"value":${scoreMillionths / 1_000_000}}`
  );
}

function surprisal({ surprisalMillibits: bits, usualMillibits: usual }: WireDecision): string {
  return usual === 0 ? "null" : `{"bits":${bits / 1000},"usual":${usual / 1000}}`;
}

function timings(spent: WireDecision["timings"]): string {
  const { identityUs = 0, inferenceUs = 0, policyUs = 0, requestUs = 0, screenUs = 0, valuesUs = 0 } = spent ?? {};
  return (
    `{"identity":${identityUs},"inference":${inferenceUs},"policy":${policyUs}` +
    `,"request":${requestUs},"screen":${screenUs},"values":${valuesUs}}`
  );
}

function place({ field, start, end, decodings }: NonNullable<WireDecision["finding"]>): string {
  const names = decodings.slice(0, DECODINGS_MOST).map((name) => fields.decoding(name).json);
  return `{"decodings":[${names.join()}],"end":${end},"field":${fields.field(field).json},"start":${start}}`;
}

function response(completion: WireCompletion | null): string {
  if (completion === null) return "null";
  const { responseStatus, responseBytes, ended } = completion;
  return `{"bytes":${responseBytes},"ended":${fields.ended(ended).jsonOrNull},"status":${responseStatus}}`;
}

/** At most `most` bytes in hexadecimal. */
export function hex(bytes: Buffer, most: number): string {
  return bytes.toString("hex", 0, Math.min(bytes.length, most));
}

/** Of an enum of postern.v1; what a later release may add is `unknown`. */
function nameIn(names: readonly string[], value: number): string {
  return names[value] ?? "unknown";
}
