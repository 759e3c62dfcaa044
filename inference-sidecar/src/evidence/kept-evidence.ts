import { type RecordedRequest, readRecordedRequest } from "../replay/recorded-request.ts";

/** postern.v1.Evidence as decoded. */
export interface WireEvidence {
  window: Buffer;
  sample: boolean;
  head: Buffer;
  body: Buffer;
  bodyCut: boolean;
  source: Buffer;
  claims: Buffer;
  edges: number;
  /** Of field, and 1 more; 0: not told. */
  kind: number;
}

/** What the store keeps of one decision. */
export interface KeptEvidence {
  /** What carried the score: bytes of the decoded value that the record's finding names. Null: nothing was denied for it. */
  readonly window: Buffer | null;
  /** Where it was known when the window was kept; null: a note on the evidence may follow. */
  readonly explanation: Explanation | null;
  /** `evidence: values`. */
  readonly request: RecordedRequest | null;
}

/** What the record says of who asked. */
export interface Asker {
  readonly issuer: string;
  readonly workload: string;
}

/** What was found out about a window in idle time, by the bundle of this digest. */
export interface Explanation {
  readonly bundle: string;
  readonly class: string;
  /** By the model, millionths. */
  readonly score: number;
  /** Byte ranges of the window that carried it. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  /** The score without them. */
  readonly without: number;
}

const VERSION = 1;
const COUNT_BYTES = 4;
const LENGTHS_BYTES = 8;

/**
 * Null: there is nothing to be kept. A recorded request lies beside the window, as `readRecordedRequest` reads it.
 * @param explanation of the window, where it is known
 */
export function encodeKept(
  evidence: WireEvidence,
  asker: Asker,
  windowMost: number,
  explanation: Explanation | null,
): Buffer | null {
  const { window, sample } = evidence;
  const keepsWindow = !sample && window.length > 0 && window.length <= windowMost;
  const request = recordedRequest(evidence, asker);
  if (!keepsWindow && request === null) return null;
  const kept = keepsWindow ? window.toString("base64") : null;
  try {
    return Buffer.from(JSON.stringify({ v: VERSION, window: kept, explanation, ...request }));
  } catch {
    // Claims nested deeper than any filter takes them, from what plays one: its records come all the same.
    return null;
  }
}

/** What `encodeKept` made. Null: it is of another version. */
export function decodeKept(bytes: Buffer): KeptEvidence | null {
  const { v, window, explanation = null } = JSON.parse(bytes.toString("utf8"));
  if (v !== VERSION) return null;
  return {
    window: window === null ? null : Buffer.from(window, "base64"),
    explanation,
    request: readRecordedRequest(bytes),
  };
}

function recordedRequest(evidence: WireEvidence, { issuer, workload }: Asker): RecordedRequest | null {
  const { head, body, bodyCut, source, claims } = evidence;
  const pairs = headerPairs(head);
  if (pairs.length === 0) return null;
  const pseudo = (wanted: string) => pairs.find(([name]) => name === wanted)?.[1] ?? "";
  return {
    method: pseudo(":method"),
    authority: pseudo(":authority"),
    path: pseudo(":path"),
    headers: pairs.filter(([name]) => !name.startsWith(":")),
    body: body.toString("base64"),
    isCut: bodyCut,
    peer: workload === "" ? null : workload,
    source: source.toString("latin1"),
    token: issuer === "" ? null : { issuer, claims: claimsOf(claims) },
  };
}

function claimsOf(json: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json.toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Pairs as a proxy-wasm host serialises them (ABI 0.2.1); none where they are malformed. */
function headerPairs(head: Buffer): [string, string][] {
  if (head.length < COUNT_BYTES) return [];
  const count = head.readUInt32LE(0);
  let at = COUNT_BYTES + count * LENGTHS_BYTES;
  if (at > head.length) return [];
  const pairs: [string, string][] = [];
  const text = (length: number): string => {
    const start = at;
    at += length + 1;
    return head.toString("latin1", start, start + length);
  };
  for (let index = 0; index < count; index++) {
    const lengths = COUNT_BYTES + index * LENGTHS_BYTES;
    const [name, value] = [head.readUInt32LE(lengths), head.readUInt32LE(lengths + 4)];
    if (at + name + value + 2 > head.length) return [];
    pairs.push([text(name), text(value)]);
  }
  return pairs;
}
