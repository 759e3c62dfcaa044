import { foundIn, type LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { decodeKept, type Explanation } from "../../inference-sidecar/src/evidence/kept-evidence.ts";

/** What is kept of one decision. */
export interface ShownEvidence {
  /** Of the decoded value, what stands out escaped; null: the score denied nothing, or the bytes are gone. */
  readonly value: string | null;
  /** The evidence is named in the log, and is not there any more. */
  readonly gone: boolean;
  /** Null: not found out yet. */
  readonly explanation: (Explanation & { readonly sent: readonly string[] }) | null;
  /** The request itself is kept, too. */
  readonly request: boolean;
}

const OPEN = "⟦";
const CLOSE = "⟧";

/** Looks it up in the state folder. Null: nothing was ever kept. */
export async function findEvidence(state: string, decision: LogRecord): Promise<ShownEvidence | null> {
  // Records of before this field have none.
  const name = decision.evidence ?? null;
  if (name === null) return null;
  const reader = await EvidenceReader.open(state);
  const bytes = await reader.get(name);
  const kept = bytes === null ? null : decodeKept(bytes);
  if (kept === null) return { value: null, gone: true, explanation: null, request: false };
  const note = await reader.noteOn(name);
  const explanation = note === null ? kept.explanation : (JSON.parse(note.toString("utf8")) as Explanation);
  return {
    value: kept.window && marked(kept.window, explanation?.spans ?? []),
    gone: false,
    explanation: explanation && { ...explanation, sent: explanation.spans.map((span) => sentAt(decision, span)) },
    request: kept.request !== null,
  };
}

/** The same in words, a line each. */
export function evidenceText(decision: LogRecord, evidence: ShownEvidence | null): string[] {
  if (evidence === null) {
    if (!isAttack(decision) || decision.selfTest) return [];
    return [
      "evidence",
      "  none is kept: the route says `evidence: none`, or the sidecar was away and it was let go",
      "",
    ];
  }
  const kept = `  kept as ${decision.evidence}`;
  if (evidence.gone)
    return [
      "evidence",
      kept,
      "  bytes gone: deleted, damaged, older than what is kept, or sealed with another key than keys/evidence.key",
      "",
    ];
  const request = evidence.request ? ["  the request itself is kept, for `postern replay`"] : [];
  if (evidence.value === null) return ["evidence", kept, ...request, ""];
  return ["evidence", kept, `  ${evidence.value}`, ...explanationText(decision, evidence.explanation), ...request, ""];
}

/** Denied, or it would be on a higher rung, because a value of it is taken for an attack. */
export function isAttack(decision: LogRecord): boolean {
  return foundIn(decision)?.startsWith("attack_") ?? false;
}

function explanationText(decision: LogRecord, explanation: ShownEvidence["explanation"]): string[] {
  if (explanation === null)
    return ["  which of these bytes carried the score is found out in idle time: ask again soon"];
  const { score, without, sent, bundle } = explanation;
  return [
    `  class ${explanation.class}: ${millionths(score)} by the model, ${millionths(without)} with spaces in the place of what is marked`,
    ...sent.map((place) => `  marked: ${place}`),
    ...(bundle === decision.bundle ? [] : [`  found out by another bundle, ${bundle}`]),
  ];
}

/** Where a span of the window stands: in the request where it was not decoded, else in the decoded value. */
function sentAt({ score }: LogRecord, { start, end }: { start: number; end: number }): string {
  const finding = score.finding;
  const decoded = `bytes ${start} to ${end} of the value shown`;
  if (finding === null) return decoded;
  if (finding.decodings.length === 0)
    return `${decoded}, ${finding.field}, bytes ${finding.start + start} to ${finding.start + end} as sent`;
  return `${decoded}, decoded from ${finding.field}, bytes ${finding.start} to ${finding.end} as sent`;
}

/** Printable ASCII as it is, everything else escaped: a terminal is told nothing by it. */
function marked(window: Uint8Array, spans: Explanation["spans"]): string {
  let text = "";
  for (const [at, byte] of window.entries()) {
    if (spans.some(({ start }) => start === at)) text += OPEN;
    text += escaped(byte);
    if (spans.some(({ end }) => end === at + 1)) text += CLOSE;
  }
  return text;
}

function escaped(byte: number): string {
  if (byte === 0x5c) return "\\\\";
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

function millionths(value: number): string {
  return (value / 1_000_000).toFixed(4);
}
