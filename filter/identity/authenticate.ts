import { equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { CompiledPolicy } from "../policy/compiled-policy";
import { ApiKeyOutcome, checkApiKey } from "./api-key";
import { Credentials, isToken68, readCredentials } from "./credentials";
import { judgeKeys } from "./fetched-keys";
import { Inquiry, StateAnswer } from "./inquiry";
import { PeerCertificate } from "./peer-certificate";
import { isRevoked } from "./revocation";
import { SenderCheck } from "./sender-constraint";
import { spiffeTrustDomain } from "./spiffe-id";
import { Subject } from "./subject";
import { TokenCache } from "./token-cache";
import { TokenOutcome } from "./token-outcome";
import { acceptedUntilMillis, judgeTime } from "./validity";
import { VerifiedToken } from "./verified-token";
import { verifyToken } from "./verify-token";
import { findWorkload, isForwarder, speaksForOthers } from "./workload";

const NONE = new Uint8Array(0);

/** Stage 2: who asks, and what became of the bearer token. Without a VALID token the subject has a workload at most. */
export class Authentication {
  /** The token was sent under the scheme DPoP. */
  usesDpop: bool = false;
  /** The peer is a proxy whose XFCC is believed. */
  isForwarded: bool = false;
  /** `BOUND_BY_…` bits: how the token is bound to its sender. */
  bindings: u32 = 0;
  /** A DPoP nonce for the client; empty: it needs none. */
  nonce: Uint8Array = NONE;
  /** What became of the API key; the subject has its name only where it is valid. */
  apiKey: ApiKeyOutcome = ApiKeyOutcome.Absent;

  token: TokenOutcome = TokenOutcome.ABSENT;
  /** The list of revocations is older than the policy allows. */
  revocationsAreStale: bool = false;
  /** null without VALID. */
  verified: VerifiedToken | null = null;

  /** When the client certificate expires, Unix milliseconds; 0: there is none, or nobody tells. */
  peerUntilMillis: i64 = 0;

  /** SPIFFE id of the client certificate, whether the policy accepts it or not; empty: none. */
  connected: Uint8Array = NONE;

  /** The workload that the connection itself proved; empty: none. */
  private readonly certified: Uint8Array;

  constructor(public readonly subject: Subject) {
    this.certified = subject.workload;
  }

  /** Whether the client certificate says which workload asks. */
  get isCertified(): bool {
    return this.certified.length > 0 && this.subject.workload === this.certified;
  }

  /**
   * The same, but a token is refused that is not bound in one of the ways that `wanted` has (0: it need not be), or where
   * `freshly` that may have been revoked since the list was written.
   */
  requiring(wanted: u32, freshly: bool): Authentication {
    if (this.token != TokenOutcome.VALID) return this;
    if (freshly && this.revocationsAreStale) return this.refused(TokenOutcome.REVOCATIONS_STALE);
    return wanted == 0 || (this.bindings & wanted) != 0 ? this : this.refused(TokenOutcome.UNBOUND);
  }

  private refused(outcome: TokenOutcome): Authentication {
    const subject = new Subject(this.certified);
    subject.isWorkloadUntold = this.subject.isWorkloadUntold;
    subject.apiKey = this.subject.apiKey;
    subject.apiKeyUntilMillis = this.subject.apiKeyUntilMillis;
    const refused = new Authentication(subject);
    refused.token = outcome;
    refused.apiKey = this.apiKey;
    refused.isForwarded = this.isForwarded;
    refused.usesDpop = this.usesDpop;
    refused.nonce = this.nonce;
    return refused;
  }
}

/**
 * The subject of a request. A public route is no different here: the caller decides what a refused token means.
 * `cache` belongs to `policy`: what it holds was verified with that policy's keys and audiences. `limited`: a token that is
 * not known already is not looked at.
 */
export function authenticate(
  request: HeaderMap,
  policy: CompiledPolicy,
  peer: PeerCertificate,
  environment: Environment,
  cache: TokenCache,
  inquiry: Inquiry,
  limited: bool,
): Authentication {
  const credentials = readCredentials(request);
  const workload = findWorkload(request, policy, peer);
  const subject = new Subject(workload === null ? NONE : workload);
  subject.isWorkloadUntold = workload === null;
  const authentication = new Authentication(subject);
  authentication.peerUntilMillis = peer.validUntilMillis;
  if (peer.presented && spiffeTrustDomain(peer.uri) !== null) authentication.connected = peer.uri;
  const apiKey = checkApiKey(request, policy, environment.nowMillis() / 1000);
  authentication.apiKey = apiKey.outcome;
  authentication.subject.apiKey = apiKey.name;
  authentication.subject.apiKeyUntilMillis = apiKey.untilMillis;
  authentication.isForwarded = policy.forwardedFrom.length > 0 && isForwarder(peer, policy);
  authentication.usesDpop = credentials.isDpop;
  authentication.token = judgeToken(request, credentials, policy, environment, cache, inquiry, limited, authentication);
  return authentication;
}

function judgeToken(
  request: HeaderMap,
  credentials: Credentials,
  policy: CompiledPolicy,
  environment: Environment,
  cache: TokenCache,
  inquiry: Inquiry,
  limited: bool,
  authentication: Authentication,
): TokenOutcome {
  if (credentials.outcome != TokenOutcome.VALID) return credentials.outcome;
  const now = environment.nowMillis();
  let verified = cache.get(credentials.token);
  if (verified === null) {
    if (!isToken68(credentials.token)) return TokenOutcome.MALFORMED;
    if (limited) return TokenOutcome.FLOOD_LIMIT;
    const check = verifyToken(credentials.token, policy, environment, inquiry);
    verified = check.verified;
    if (verified === null) return check.outcome;
    cache.put(credentials.token, verified, now);
  }
  const keys = judgeKeys(verified.issuer, verified.kid, inquiry, environment);
  if (keys != TokenOutcome.VALID) return keys;
  const outcome = judgeTime(verified, now);
  if (outcome != TokenOutcome.VALID) return outcome;
  if (isRevoked(verified, policy.revocations)) return TokenOutcome.REVOKED;
  const maxAge = verified.issuer.revocationMaxAgeMillis;
  // Before anything is remembered of the request: it is judged once more.
  if (maxAge > 0 && now >= policy.revocationsConfirmedMillis + maxAge) {
    if (inquiry.askForRevocations() == StateAnswer.Open) return TokenOutcome.UNVERIFIABLE;
  }
  const sender = new SenderCheck(policy, environment);
  sender.check(credentials, verified, request);
  authentication.bindings = sender.bindings;
  authentication.nonce = sender.nonce;
  if (sender.outcome != TokenOutcome.VALID) return sender.outcome;
  if (!identify(authentication, verified, policy)) return TokenOutcome.CERTIFICATE;
  authentication.revocationsAreStale = maxAge > 0 && revocationsAge(policy, now) >= maxAge;
  authentication.verified = verified;
  return TokenOutcome.VALID;
}

/** Milliseconds since the list's file was written, or since the last word that it is the current one where that is longer. */
function revocationsAge(policy: CompiledPolicy, nowMillis: i64): i64 {
  const written = policy.revocations.writtenMillis;
  const confirmed = policy.revocationsConfirmedMillis;
  return nowMillis - (written > 0 ? min(written, confirmed) : confirmed);
}

/** Whether the workload is another than that of this id, and no proxy, which passes on what others say. */
function contradicts(workload: Uint8Array, id: Uint8Array, policy: CompiledPolicy): bool {
  return workload.length > 0 && !equal(workload, id) && !speaksForOthers(workload, policy);
}

/** A JWT-SVID says who the workload is. False: it speaks for another than the connection's own. */
function identify(authentication: Authentication, verified: VerifiedToken, policy: CompiledPolicy): bool {
  const subject = authentication.subject;
  if (verified.issuer.trustDomain.length > 0) {
    const id = verified.claims.subject;
    if (contradicts(subject.workload, id, policy) || contradicts(authentication.connected, id, policy)) return false;
    subject.workload = id;
  } else {
    subject.issuer = verified.issuer;
    subject.subject = verified.claims.subject;
    subject.scopes = verified.claims.scopes;
    subject.claims = verified.claims.set;
  }
  subject.acceptedUntilMillis = acceptedUntilMillis(verified);
  return true;
}
