import { bytes } from "proxy-wasm-as/bytes";
import { spaced } from "../encoding/spaced";
import { Evaluation } from "../evaluate";
import { BOUND_BY_CERTIFICATE, BOUND_BY_PROOF, NONE } from "../policy/blob-layout";
import { Route } from "../policy/route";
import { Reason, reasonRow } from "../verdict";

const ALGORITHMS = 'algs="ES256 RS256"';
/** This scheme must have a parameter (RFC 6750 section 3), and a realm is all that can be said before there is a token. */
const BEARER = 'Bearer realm="postern"';

/** Whether a denial says how to authenticate: 401, and where a good token does not enable access (RFC 6750 section 3). */
export function challenges(evaluation: Evaluation, reason: Reason): bool {
  if (reasonRow(reason).status == 401) return true;
  return reason == Reason.GrantMissing && evaluation.authentication.subject.issuer !== null;
}

/** Value of `WWW-Authenticate` for such a denial: RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3. */
export function challenge(evaluation: Evaluation, reason: Reason): Uint8Array {
  const route = evaluation.route;
  // Without authentication information a challenge carries no error code.
  if (reason == Reason.TokenMissing) return bytes(invitation(evaluation));
  if (reason >= Reason.ApiKeyMissing && reason <= Reason.ApiKeyExpired) {
    return bytes(`ApiKey header="${text(evaluation.policy.keyHeader)}"`);
  }
  if (reason == Reason.DpopNonce) return bytes(`DPoP error="use_dpop_nonce", ${ALGORITHMS}`);
  if (reason >= Reason.DpopProofMissing && reason <= Reason.DpopProofReplayed && reason != Reason.DpopProofKey) {
    return bytes(`DPoP error="invalid_dpop_proof", ${ALGORITHMS}`);
  }
  const usesDpop = evaluation.authentication.usesDpop || reason == Reason.DpopScheme || wantsProof(route, reason);
  const scheme = usesDpop ? `DPoP ${ALGORITHMS}, ` : "Bearer ";
  if (reason == Reason.GrantMissing) return bytes(`${scheme}error="insufficient_scope"`);
  const wantsMore = reason == Reason.AuthenticationInsufficient || reason == Reason.ScoreStepUp;
  if (!wantsMore || route === null) return bytes(`${scheme}error="invalid_token"`);
  return bytes(`${scheme}error="insufficient_user_authentication"${stepUp(route)}`);
}

/** The schemes that the route takes a token under, as far as the policy says. */
function invitation(evaluation: Evaluation): string {
  const route = evaluation.route;
  let wanted: u32 = route === null ? 0 : route.senderConstraint;
  const issuers = evaluation.policy.issuers;
  let anyPlain = issuers.length == 0;
  for (let i = 0; i < issuers.length; i++) {
    wanted |= issuers[i].senderConstraint;
    anyPlain = anyPlain || issuers[i].senderConstraint != BOUND_BY_PROOF;
  }
  if ((wanted & BOUND_BY_PROOF) == 0) return BEARER;
  const proofOnly = (route !== null && route.senderConstraint == BOUND_BY_PROOF) || !anyPlain;
  return proofOnly ? `DPoP ${ALGORITHMS}` : `${BEARER}, DPoP ${ALGORITHMS}`;
}

function wantsProof(route: Route | null, reason: Reason): bool {
  return reason == Reason.TokenUnbound && (route === null || route.senderConstraint != BOUND_BY_CERTIFICATE);
}

function stepUp(route: Route): string {
  let text = "";
  const methods = route.authenticationMethods;
  if (methods.length > 0) text += `, error_description="authentication methods needed: ${listed(methods)}"`;
  if (route.contexts.length > 0) text += `, acr_values="${listed(route.contexts)}"`;
  return route.maxAge == NONE ? text : `${text}, max_age="${route.maxAge}"`;
}

function listed(values: Uint8Array[]): string {
  return text(spaced(values));
}

function text(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}
