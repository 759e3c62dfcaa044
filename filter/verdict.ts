import { bytes } from "proxy-wasm-as/bytes";

/** What the gate does with a request. Values are those of `postern.v1.Effect`. */
export const enum Effect {
  Permit = 0,
  Deny = 1,
}

/** The rungs of runtime protection. Values are those of `postern.v1.Rung`. */
export const enum Rung {
  Observe = 0,
  Detect = 1,
  Prevent = 2,
  Adapt = 3,
}

/** Every reason for a decision. The order within a stage is the order in which the checks run. */
export const enum Reason {
  Permitted,
  TooManyHeaders,
  HeadersTooLarge,
  HeaderDuplicate,
  HostMalformed,
  MethodOverride,
  PathOverride,
  PathMalformed,
  PathAmbiguous,
  RouteNotFound,
  MethodNotAllowed,
  TokenMissing,
  TokenMalformed,
  TokenAlgorithm,
  TokenEmbeddedKey,
  TokenCritical,
  TokenIssuer,
  TokenKey,
  TokenSignature,
  TokenExpired,
  TokenNotYetValid,
  TokenIssuedInFuture,
  TokenAudience,
  VerificationBudget,
  TokenUnverifiable,
  KeysUnavailable,
  TokenRevoked,
  RevocationsStale,
  TokenConfirmation,
  TokenCertificate,
  TokenUnbound,
  DpopScheme,
  DpopProofMissing,
  DpopProofMalformed,
  DpopProofKey,
  DpopProofTarget,
  DpopProofToken,
  DpopProofTime,
  DpopNonce,
  DpopProofSignature,
  DpopProofReplayed,
  DpopReplayWindow,
  FloodLimit,
  ApiKeyMissing,
  ApiKeyUnknown,
  ApiKeyExpired,
  GrantDenied,
  GrantMissing,
  CertificateExpired,
  AuthenticationInsufficient,
  AssertionUnavailable,
  RequestIncomplete,
  BodyTooLarge,
  BodyEncoding,
  UpgradeUnscored,
  InspectionBudget,
  ScoreUnavailable,
  AttackScored,
  AttackScreened,
  ScoreStepUp,
  LogUnavailable,
}

/** A row of the one table of reasons; `docs/reasons.md` is held to it by a test, both ways. */
export class ReasonRow {
  constructor(
    /** Private, stable code: log, metrics, `explain`. */
    public readonly code: Uint8Array,
    /** HTTP status of a denial. */
    public readonly status: u32,
    /** Public, coarse reason of the reply (RFC 9457). */
    public readonly publicReason: Uint8Array,
    /** The lowest rung on which it denies. */
    public readonly enforcedFrom: Rung,
  ) {}
}

function row(code: string, status: u32, publicReason: string, enforcedFrom: Rung): ReasonRow {
  return new ReasonRow(bytes(code), status, bytes(publicReason), enforcedFrom);
}

/** Indexed by `Reason`. */
const reasons: StaticArray<ReasonRow> = [
  row("permitted", 200, "permitted", Rung.Observe),
  row("too_many_headers", 431, "headers_too_large", Rung.Detect),
  row("headers_too_large", 431, "headers_too_large", Rung.Detect),
  row("header_duplicate", 400, "bad_request", Rung.Detect),
  row("host_malformed", 400, "bad_request", Rung.Detect),
  row("method_override", 400, "bad_request", Rung.Detect),
  row("path_override", 400, "bad_request", Rung.Detect),
  row("path_malformed", 400, "bad_request", Rung.Observe),
  row("path_ambiguous", 400, "bad_request", Rung.Detect),
  row("route_not_found", 403, "forbidden", Rung.Detect),
  row("method_not_allowed", 403, "forbidden", Rung.Detect),
  row("token_missing", 401, "unauthenticated", Rung.Detect),
  row("token_malformed", 401, "unauthenticated", Rung.Detect),
  row("token_algorithm", 401, "unauthenticated", Rung.Detect),
  row("token_embedded_key", 401, "unauthenticated", Rung.Detect),
  row("token_critical", 401, "unauthenticated", Rung.Detect),
  row("token_issuer", 401, "unauthenticated", Rung.Detect),
  row("token_key", 401, "unauthenticated", Rung.Detect),
  row("token_signature", 401, "unauthenticated", Rung.Detect),
  row("token_expired", 401, "unauthenticated", Rung.Detect),
  row("token_not_yet_valid", 401, "unauthenticated", Rung.Detect),
  row("token_issued_in_future", 401, "unauthenticated", Rung.Detect),
  row("token_audience", 401, "unauthenticated", Rung.Detect),
  row("verification_budget", 503, "unavailable", Rung.Detect),
  row("token_unverifiable", 503, "unavailable", Rung.Detect),
  row("keys_unavailable", 503, "unavailable", Rung.Detect),
  row("token_revoked", 401, "unauthenticated", Rung.Detect),
  row("revocations_stale", 503, "unavailable", Rung.Detect),
  row("token_confirmation", 401, "unauthenticated", Rung.Detect),
  row("token_certificate", 401, "unauthenticated", Rung.Detect),
  row("token_unbound", 401, "unauthenticated", Rung.Detect),
  row("dpop_scheme", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_missing", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_malformed", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_key", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_target", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_token", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_time", 401, "unauthenticated", Rung.Detect),
  row("dpop_nonce", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_signature", 401, "unauthenticated", Rung.Detect),
  row("dpop_proof_replayed", 401, "unauthenticated", Rung.Detect),
  row("dpop_replay_window", 503, "unavailable", Rung.Detect),
  row("flood_limit", 429, "too_many_requests", Rung.Detect),
  row("api_key_missing", 401, "unauthenticated", Rung.Detect),
  row("api_key_unknown", 401, "unauthenticated", Rung.Detect),
  row("api_key_expired", 401, "unauthenticated", Rung.Detect),
  row("grant_denied", 403, "forbidden", Rung.Detect),
  row("grant_missing", 403, "forbidden", Rung.Detect),
  row("certificate_expired", 401, "unauthenticated", Rung.Detect),
  row("authentication_insufficient", 401, "unauthenticated", Rung.Detect),
  row("assertion_unavailable", 503, "unavailable", Rung.Detect),
  row("request_incomplete", 400, "bad_request", Rung.Prevent),
  row("body_too_large", 413, "body_too_large", Rung.Prevent),
  row("body_encoding", 415, "unsupported_encoding", Rung.Prevent),
  row("upgrade_unscored", 403, "forbidden", Rung.Prevent),
  row("inspection_budget", 503, "unavailable", Rung.Prevent),
  row("score_unavailable", 503, "unavailable", Rung.Prevent),
  row("attack_scored", 403, "request_rejected", Rung.Prevent),
  row("attack_screened", 403, "request_rejected", Rung.Prevent),
  row("score_step_up", 401, "unauthenticated", Rung.Prevent),
  row("log_unavailable", 503, "unavailable", Rung.Detect),
];

export function reasonRow(reason: Reason): ReasonRow {
  return unchecked(reasons[reason]);
}

/** The policy engine's decision on one request. */
export class Verdict {
  constructor(
    public readonly effect: Effect,
    /** `Permitted`, or what denied it. */
    public readonly reason: Reason,
    /** On a permit: what a higher rung would have denied it for, or `Permitted`. */
    public readonly wouldDeny: Reason,
  ) {}
}
