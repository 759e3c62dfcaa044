import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Credentials, isToken68, readCredentials } from "./credentials";
import { Inquiry } from "./inquiry";
import { PeerCertificate } from "./peer-certificate";
import { SenderCheck } from "./sender-constraint";
import { Subject } from "./subject";
import { TokenCache } from "./token-cache";
import { TokenOutcome } from "./token-outcome";
import { acceptedUntilMillis, judgeTime } from "./validity";
import { VerifiedToken } from "./verified-token";
import { verifyToken } from "./verify-token";
import { findWorkload } from "./workload";

const NONE = new Uint8Array(0);

/** Stage 2: who asks, and what became of the bearer token. Without a VALID token the subject has a workload at most. */
export class Authentication {
  /** The token was sent under the scheme DPoP. */
  usesDpop: bool = false;
  /** `BOUND_BY_…` bits: how the token is bound to its sender. */
  bindings: u32 = 0;
  /** A DPoP nonce for the client; empty: it needs none. */
  nonce: Uint8Array = NONE;

  constructor(
    public readonly subject: Subject,
    public readonly token: TokenOutcome,
  ) {}

  /** The same, but a token that is not bound in one of the ways that `wanted` has is refused; 0: it need not be. */
  requiring(wanted: u32): Authentication {
    if (wanted == 0 || this.token != TokenOutcome.VALID || (this.bindings & wanted) != 0) return this;
    const refused = new Authentication(new Subject(this.subject.workload), TokenOutcome.UNBOUND);
    refused.usesDpop = this.usesDpop;
    refused.nonce = this.nonce;
    return refused;
  }
}

/**
 * The subject of a request. A public route is no different here: the caller decides what a refused token means.
 * `cache` belongs to `policy`: what it holds was verified with that policy's keys and audiences.
 */
export function authenticate(
  request: HeaderMap,
  policy: CompiledPolicy,
  peer: PeerCertificate,
  environment: Environment,
  cache: TokenCache,
  inquiry: Inquiry,
): Authentication {
  const subject = new Subject(findWorkload(request, policy, peer));
  const credentials = readCredentials(request);
  const sender = new SenderCheck(policy, environment);
  const outcome = judgeToken(request, credentials, policy, environment, cache, inquiry, sender, subject);
  const authentication = new Authentication(subject, outcome);
  authentication.usesDpop = credentials.isDpop;
  authentication.bindings = sender.bindings;
  authentication.nonce = sender.nonce;
  return authentication;
}

function judgeToken(
  request: HeaderMap,
  credentials: Credentials,
  policy: CompiledPolicy,
  environment: Environment,
  cache: TokenCache,
  inquiry: Inquiry,
  sender: SenderCheck,
  subject: Subject,
): TokenOutcome {
  if (credentials.outcome != TokenOutcome.VALID) return credentials.outcome;
  const now = environment.nowMillis();
  let verified = cache.get(credentials.token);
  if (verified === null) {
    if (!isToken68(credentials.token)) return TokenOutcome.MALFORMED;
    const check = verifyToken(credentials.token, policy, environment, inquiry);
    verified = check.verified;
    if (verified === null) return check.outcome;
    cache.put(credentials.token, verified, now);
  }
  const outcome = judgeTime(verified, now);
  if (outcome != TokenOutcome.VALID) return outcome;
  sender.check(credentials, verified, request);
  if (sender.outcome == TokenOutcome.VALID) identify(subject, verified);
  return sender.outcome;
}

function identify(subject: Subject, verified: VerifiedToken): void {
  subject.issuer = verified.issuer;
  subject.subject = verified.claims.subject;
  subject.scopes = verified.claims.scopes;
  subject.claims = verified.claims.set;
  subject.acceptedUntilMillis = acceptedUntilMillis(verified);
}
