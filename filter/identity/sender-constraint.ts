import { bytes, equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { constantTimeEqual } from "../crypto/constant-time";
import { sha256 } from "../crypto/sha256";
import { encodeBase64Url } from "../encoding/base64";
import { Environment } from "../environment";
import { BOUND_BY_CERTIFICATE, BOUND_BY_PROOF } from "../policy/blob-layout";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Credentials } from "./credentials";
import { DpopProof } from "./dpop-proof";
import { nonceAge, proofNonce } from "./proof-nonce";
import { ProofSecret, proofSecret } from "./proof-secret";
import { provableSeconds } from "./proof-window";
import { Replay, rememberProof } from "./replay-window";
import { verifyWithKey } from "./signature";
import { namesTarget } from "./target-uri";
import { TokenOutcome } from "./token-outcome";
import { VerifiedToken } from "./verified-token";

const DPOP = bytes("dpop");
const METHOD = bytes(":method");
const NONE = new Uint8Array(0);

/** Whether the sender of a token is the one that it was issued to: RFC 8705 section 3, RFC 9449 section 7. */
export class SenderCheck {
  /** `BOUND_BY_…` bits of what was proved; of use with VALID only. */
  bindings: u32 = 0;
  /** A nonce that the client is to use from now on; empty: it has the current one, or needs none. */
  nonce: Uint8Array = NONE;
  outcome: TokenOutcome = TokenOutcome.VALID;

  constructor(
    private readonly policy: CompiledPolicy,
    private readonly environment: Environment,
  ) {}

  /** What a token says of its sender is checked always, also where no policy asks for it. */
  check(credentials: Credentials, verified: VerifiedToken, request: HeaderMap): void {
    const confirmation = verified.claims.confirmation;
    if (confirmation.isUnknown) this.outcome = TokenOutcome.CONFIRMATION;
    else if (credentials.isDpop != confirmation.key.length > 0) this.outcome = TokenOutcome.DPOP_SCHEME;
    else this.outcome = this.checkBindings(credentials, verified, request);
  }

  private checkBindings(credentials: Credentials, verified: VerifiedToken, request: HeaderMap): TokenOutcome {
    const confirmation = verified.claims.confirmation;
    if (confirmation.certificate.length > 0) {
      const presented = this.environment.peerCertificateDigest();
      if (!constantTimeEqual(confirmation.certificate, presented)) return TokenOutcome.CERTIFICATE;
      this.bindings |= BOUND_BY_CERTIFICATE;
    }
    if (confirmation.key.length > 0) {
      const outcome = this.checkProof(credentials.token, verified, request);
      if (outcome != TokenOutcome.VALID) return outcome;
      this.bindings |= BOUND_BY_PROOF;
    }
    const wanted = verified.issuer.senderConstraint;
    return wanted != 0 && (this.bindings & wanted) == 0 ? TokenOutcome.UNBOUND : TokenOutcome.VALID;
  }

  /** RFC 9449 section 4.3, what costs little first; a proof is remembered only when nothing else speaks against it. */
  private checkProof(token: Uint8Array, verified: VerifiedToken, request: HeaderMap): TokenOutcome {
    const index = request.indexOf(DPOP);
    if (index < 0) return TokenOutcome.DPOP_PROOF_MISSING;
    if (request.indexOf(DPOP, index + 1) >= 0) return TokenOutcome.DPOP_PROOF_MALFORMED;
    const proof = DpopProof.read(request.value(index));
    if (proof === null) return TokenOutcome.DPOP_PROOF_MALFORMED;
    if (!constantTimeEqual(proof.key.thumbprint, verified.claims.confirmation.key)) return TokenOutcome.DPOP_PROOF_KEY;
    const method = request.first(METHOD);
    if (method === null || !equal(proof.method, method)) return TokenOutcome.DPOP_PROOF_TARGET;
    if (!namesTarget(proof.target, request, this.policy.origins)) return TokenOutcome.DPOP_PROOF_TARGET;
    if (!equal(proof.tokenHash, encodeBase64Url(sha256(token)))) return TokenOutcome.DPOP_PROOF_TOKEN;
    const secret = proofSecret(this.environment);
    if (secret === null) return TokenOutcome.DPOP_REPLAY_WINDOW;
    const now = this.environment.nowMillis();
    const skew = verified.issuer.clockSkewSeconds;
    const issued = proof.issuedAtMillis / 1000;
    if (!isWithin(proof, now, skew * 1000)) return TokenOutcome.DPOP_PROOF_TIME;
    const window = this.policy.proofWindowSeconds;
    const provable = provableSeconds(this.environment, window, issued, now / 1000);
    if (provable < 0) return TokenOutcome.DPOP_REPLAY_WINDOW;
    const late = now / 1000 > issued + min(this.policy.proofAgeSeconds + skew, provable);
    if (late || issued < secret.sinceSeconds) return TokenOutcome.DPOP_PROOF_TIME;
    if (this.policy.proofNeedsNonce && !this.checkNonce(proof.nonce, secret, now / 1000))
      return TokenOutcome.DPOP_NONCE;
    const outcome = this.checkSignature(proof);
    if (outcome != TokenOutcome.VALID) return outcome;
    const end = issued + window + 1;
    const replay = rememberProof(this.environment, secret, proof.key.thumbprint, proof.id, now / 1000, end);
    if (replay == Replay.Seen) return TokenOutcome.DPOP_PROOF_REPLAYED;
    return replay == Replay.Fresh ? TokenOutcome.VALID : TokenOutcome.DPOP_REPLAY_WINDOW;
  }

  private checkSignature(proof: DpopProof): TokenOutcome {
    const key = proof.key;
    const budget = this.environment.proofs;
    const outcome = verifyWithKey(
      key.algorithm,
      key.spki,
      proof.signature,
      proof.signingInput,
      this.environment,
      budget,
    );
    return outcome == TokenOutcome.SIGNATURE ? TokenOutcome.DPOP_PROOF_SIGNATURE : outcome;
  }

  private checkNonce(nonce: Uint8Array, secret: ProofSecret, nowSeconds: i64): bool {
    const period = this.policy.proofAgeSeconds;
    const age = nonceAge(nonce, secret, nowSeconds, period);
    if (age != 0) this.nonce = proofNonce(secret, nowSeconds, period);
    return age >= 0;
  }
}

/** Whether nothing that the proof says of its own time speaks against it, but for its age: `iat` to come, `nbf`, `exp`. */
function isWithin(proof: DpopProof, nowMillis: i64, skewMillis: i64): bool {
  const from = max(proof.issuedAtMillis, proof.notBeforeMillis);
  return nowMillis + skewMillis >= from && nowMillis - skewMillis < proof.expiresAtMillis;
}
