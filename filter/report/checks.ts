import { Evaluation } from "../evaluate";
import { GrantEffect, namesToken, namesWorkload } from "../policy/grant";

// Bits of `checks` in `postern.v1.Decision`: the five of NIST SP 800-207A.
const ENCRYPTED: u32 = 1;
const SERVICE_AUTHENTICATED: u32 = 2;
const SERVICE_AUTHORISED: u32 = 4;
const USER_AUTHENTICATED: u32 = 8;
const USER_AUTHORISED: u32 = 16;

/** Which of the five checks this very request has passed; what a route does not ask for is not passed. */
export function checksPassed(evaluation: Evaluation, encrypted: bool): u32 {
  let passed = encrypted ? ENCRYPTED : 0;
  const authentication = evaluation.authentication;
  if (authentication.subject.workload.length > 0) passed |= SERVICE_AUTHENTICATED;
  // A JWT-SVID is a workload's token: it names no user.
  if (authentication.subject.issuer !== null) passed |= USER_AUTHENTICATED;
  const found = evaluation.grants;
  if (found.effect != GrantEffect.Allow) return passed;
  if (namesWorkload(evaluation.policy, found.grant)) passed |= SERVICE_AUTHORISED;
  if (namesToken(evaluation.policy, found.grant)) passed |= USER_AUTHORISED;
  return passed;
}
