import type { Link } from "./chain.ts";

/** A decision's line in the log; an empty text: there is none. Nothing in it is a value of a request. */
export interface LogRecord extends Link {
  readonly bundle: string;
  /** Those of the five of NIST SP 800-207A that the request passed. */
  readonly checks: readonly Check[];
  readonly effect: string;
  /** What is kept of the request in `STATE/evidence`, by its name there; null: nothing. */
  readonly evidence: string | null;
  readonly id: string;
  readonly method: string;
  readonly module: string;
  readonly policy: string;
  readonly reason: string;
  /** Null: the stream had not ended; a later line of the same id tells. */
  response: Response | null;
  readonly route: string;
  readonly rung: string;
  readonly score: {
    readonly by: string;
    /** Empty: the screen knows no classes. */
    readonly class: string;
    readonly finding: {
      readonly decodings: readonly string[];
      readonly end: number;
      readonly field: string;
      readonly start: number;
    } | null;
    /** Bits a byte; null: no language model has read the finding. */
    readonly surprisal: { readonly bits: number; readonly usual: number } | null;
    readonly uninspected: string | null;
    readonly value: number;
  };
  /** Only where it is a probe of the self-test. */
  readonly selfTest?: boolean;
  readonly sequence: number;
  /** Words of the path, where no route or one on rung observe took the request; else empty. */
  readonly shape: string;
  readonly subject: {
    readonly apiKey: string;
    readonly expiredGrant: string | null;
    readonly grant: string;
    readonly id: string;
    readonly issuer: string;
    /** Only where the policy has subjects logged clear. */
    readonly sub?: string;
    readonly token: string;
    readonly workload: string;
  };
  readonly time: string;
  readonly timingsUs: Readonly<Record<"identity" | "inference" | "policy" | "request" | "screen" | "values", number>>;
  readonly v: number;
  readonly worker: string;
  readonly wouldDeny: string | null;
}

/** Who asked, as the log names them: keyed hash of the token's subject, SPIFFE id, or name of the API key; empty: nobody was verified. */
export function principalOf({ id, workload, apiKey }: LogRecord["subject"]): string {
  return id || workload || apiKey;
}

/** What the request was denied for, or would be on a higher rung; null: nothing. */
export function foundIn({
  effect,
  reason,
  wouldDeny,
}: Pick<LogRecord, "effect" | "reason" | "wouldDeny">): string | null {
  return effect === "deny" ? reason : wouldDeny;
}

/** The line of a completion that came after its decision. */
export interface CompletionLine extends Link {
  readonly completes: string;
  readonly response: Response | null;
  readonly sequence: number;
  readonly time: string;
  readonly v: number;
  readonly worker: string;
}

interface Response {
  readonly bytes: number;
  readonly ended: string | null;
  readonly status: number;
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
