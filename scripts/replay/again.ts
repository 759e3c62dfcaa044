import { foundIn, type LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { denialKind } from "../../inference-sidecar/src/maturity/denial.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import type { RecordedRequest } from "../../inference-sidecar/src/replay/recorded-request.ts";
import type { EvaluationRequest } from "../core.ts";
import { certificateDigest, type StandIn } from "../policy-test/stand-in.ts";

/** Refusals of a token that another policy might not make: by its issuers, audiences, clock skew, bindings and proxies. */
const DEPEND_ON_POLICY = [
  "token_issuer",
  "token_key",
  "token_audience",
  "token_algorithm",
  "token_expired",
  "token_not_yet_valid",
  "token_issued_in_future",
  "token_certificate",
  "token_unbound",
];
const KEY_REFUSED = ["api_key_unknown", "api_key_expired"];
const PROOF = /^dpop_/;
/** Fields of values of headers that are not kept, and what was found of all headers together. */
const UNKEPT_FIELD = /^(cookie:|cookie-name:|header:(authorization|proxy-authorization|dpop|x-forwarded-client-cert)$)/;
const OF_ALL_HEADERS = ["too_many_headers", "headers_too_large"];
/** Refused as it was, whatever the policy. */
const REFUSED = "refused";

/** Why a request can't be judged again, in words for people. */
export class NotReplayable {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** The recorded request as it would come again; its token is signed anew, by a key that stands in for the issuer's. */
export async function sendAgain(
  record: LogRecord,
  kept: RecordedRequest,
  policy: Policy,
  standIn: StandIn,
): Promise<EvaluationRequest | NotReplayable> {
  const outcome = record.subject.token;
  const found = foundIn(record) ?? "";
  if (dependsOn(policy, record)) return new NotReplayable(`its token had been refused (${outcome})`);
  if (KEY_REFUSED.includes(found)) return new NotReplayable(`its API key had been refused (${found})`);
  const circumstance = [found, outcome].find((one) => denialKind(one) === "unavailable");
  if (circumstance !== undefined) return new NotReplayable(`its circumstances can't be made again (${circumstance})`);
  if (PROOF.test(outcome)) return new NotReplayable("a proof of possession can't be made again");
  if (isOfUnkept(record)) return new NotReplayable("what was found stood in a header that is not kept");
  const at = Date.parse(record.time);
  const token =
    outcome === "absent" ? null : outcome === "valid" ? await signAgain(kept, policy, standIn, at) : REFUSED;
  if (token instanceof NotReplayable) return token;
  const bytes = (text: string) => Buffer.from(text, "latin1");
  const headers = kept.headers.map(([name, value]) => [bytes(name), bytes(value)] as const);
  const bearer = token === null ? [] : [["authorization", `Bearer ${token}`] as const];
  // Credentials were not kept, how many there were is told by the refusal.
  const bearers = isSentTwice(record) ? [...bearer, ...bearer] : bearer;
  const { apiKey } = record.subject;
  const key = apiKey ? [[policy.apiKeys.header, standIn.apiKey(apiKey)] as const] : [];
  const body = Buffer.from(kept.body, "base64");
  const bodyKept = body.length === 0 ? "missing" : "cut";
  // Without workloads no client is asked for a certificate.
  const peer = policy.workloads.trustBundle === null ? null : kept.peer;
  return {
    method: kept.method,
    authority: kept.authority,
    path: bytes(kept.path),
    headers: [...headers, ...bearers, ...key],
    body,
    ...(kept.isCut && { bodyKept }),
    at,
    ...(kept.source !== "" && { source: kept.source }),
    ...(peer !== null && { peer: { uri: peer, digest: certificateDigest(peer) } }),
  };
}

/** Whether the token's refusal is one that this policy might not make. */
function dependsOn(policy: Policy, record: LogRecord): boolean {
  const { token } = record.subject;
  // The token of a workload is none where no issuer has a trust domain.
  const takesSvids = policy.issuers.some(({ trustDomain }) => trustDomain !== null);
  if (token === "token_malformed") return takesSvids && !isSentTwice(record);
  if (token === "token_revoked") return policy.revocation === null;
  return DEPEND_ON_POLICY.includes(token);
}

/** Denied, or to be denied higher up, for what will not come again. */
function isOfUnkept(record: LogRecord): boolean {
  const found = foundIn(record);
  if (found === null) return false;
  return OF_ALL_HEADERS.includes(found) || UNKEPT_FIELD.test(record.score.finding?.field ?? "");
}

/** Two `authorization` headers: no token at all, and a fault of the request itself. */
function isSentTwice({ reason, wouldDeny, subject }: LogRecord): boolean {
  return subject.token === "token_malformed" && [reason, wouldDeny].includes("header_duplicate");
}

async function signAgain(
  { token, peer }: RecordedRequest,
  policy: Policy,
  standIn: StandIn,
  at: number,
): Promise<string | NotReplayable> {
  if (token === null) return new NotReplayable("what its token said was not kept");
  const { cnf, ...claims } = token.claims as Record<string, unknown> & { cnf?: Record<string, unknown> };
  // By what the token says, not by the issuer's name in the policy of then.
  const { issuers } = policy;
  const known =
    issuers.find(({ issuer }) => issuer === claims.iss) ?? issuers.find(({ name }) => name === token.issuer);
  // Tomorrow's policy does not know the issuer: the token would be refused.
  if (known === undefined) return REFUSED;
  const isBound = cnf?.["x5t#S256"] !== undefined;
  // Of a certificate only the workload is known.
  if (cnf?.jkt !== undefined || (isBound && peer === null)) {
    return new NotReplayable("a proof of possession can't be made again");
  }
  return standIn.token({ issuer: known.name, claims, ...(isBound && peer !== null && { boundTo: peer }) }, policy, at);
}
