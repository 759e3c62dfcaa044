import type { WireEvidence } from "../evidence/kept-evidence.ts";

// Enums of postern.v1 by number; its rungs are the policy's modes, its classes the bundle's.
export const EFFECTS = ["permit", "deny"] as const;
export const SCORED_BY = ["nothing", "screen", "model", "screen_alone", "uninspected"] as const;

/** postern.v1.Record as decoded: 64-bit numbers as doubles, enums by number. */
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

export interface WireFinding {
  field: string;
  start: number;
  end: number;
  decodings: string[];
}

export type WireTimings = Record<`${"identity" | "inference" | "policy" | "request" | "screen" | "values"}Us`, number>;

/** postern.v1.Decision */
export interface WireDecision {
  timeUnixMs: number;
  method: string;
  route: string;
  rung: number;
  effect: number;
  reason: string;
  wouldDeny: string;
  issuer: string;
  subject: Buffer;
  workload: string;
  grant: string;
  token: string;
  scoredBy: number;
  scoreMillionths: number;
  attackClass: number;
  finding: WireFinding | null;
  uninspected: string;
  timings: WireTimings | null;
  expiredGrant: string;
  checks: number;
  surprisalMillibits: number;
  usualMillibits: number;
  selfTest: boolean;
  apiKey: string;
  pathShape: string;
}
