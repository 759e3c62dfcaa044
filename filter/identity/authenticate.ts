import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { CompiledPolicy } from "../policy/compiled-policy";
import { readBearer } from "./bearer";
import { PeerCertificate } from "./peer-certificate";
import { Subject } from "./subject";
import { TokenCache } from "./token-cache";
import { TokenOutcome } from "./token-outcome";
import { acceptedUntilMillis, judgeTime } from "./validity";
import { VerifiedToken } from "./verified-token";
import { verifyToken } from "./verify-token";
import { findWorkload } from "./workload";

/** Stage 2: who asks, and what became of the bearer token. Without a VALID token the subject has a workload at most. */
export class Authentication {
  constructor(
    public readonly subject: Subject,
    public readonly token: TokenOutcome,
  ) {}
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
): Authentication {
  const subject = new Subject(findWorkload(request, policy, peer));
  const bearer = readBearer(request);
  if (bearer.outcome != TokenOutcome.VALID) return new Authentication(subject, bearer.outcome);

  const now = environment.nowMillis();
  let verified = cache.get(bearer.token);
  if (verified === null) {
    const check = verifyToken(bearer.token, policy, environment);
    verified = check.verified;
    if (verified === null) return new Authentication(subject, check.outcome);
    cache.put(bearer.token, verified, now);
  }
  const outcome = judgeTime(verified, now);
  if (outcome == TokenOutcome.VALID) identify(subject, verified);
  return new Authentication(subject, outcome);
}

function identify(subject: Subject, verified: VerifiedToken): void {
  subject.issuer = verified.issuer;
  subject.subject = verified.claims.subject;
  subject.scopes = verified.claims.scopes;
  subject.claims = verified.claims.payload;
  subject.acceptedUntilMillis = acceptedUntilMillis(verified);
}
