import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import type { RecordedRequest } from "../../inference-sidecar/src/replay/recorded-request.ts";
import type { EvaluationRequest } from "../core.ts";
import { certificateDigest, type StandIn } from "../policy-test/stand-in.ts";

/** Refusals of a token that another policy might not make: what the token said is not known, since nobody verified it. */
const DEPEND_ON_POLICY = ["token_issuer", "token_key", "token_audience", "token_algorithm"];
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
  if (kept.isCut) return new NotReplayable("its body was kept in part only");
  if (DEPEND_ON_POLICY.includes(outcome)) return new NotReplayable(`its token had been refused (${outcome})`);
  if (KEY_REFUSED.includes(record.reason)) return new NotReplayable(`its API key had been refused (${record.reason})`);
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
  return {
    method: kept.method,
    authority: kept.authority,
    path: bytes(kept.path),
    headers: [...headers, ...bearers, ...key],
    body: Buffer.from(kept.body, "base64"),
    at,
    ...(kept.source !== "" && { source: kept.source }),
    ...(kept.peer !== null && { peer: { uri: kept.peer, digest: certificateDigest(kept.peer) } }),
  };
}

/** Denied, or to be denied higher up, for what will not come again. */
function isOfUnkept({ effect, reason, wouldDeny, score }: LogRecord): boolean {
  const found = effect === "deny" ? reason : wouldDeny;
  if (found === null) return false;
  return OF_ALL_HEADERS.includes(found) || UNKEPT_FIELD.test(score.finding?.field ?? "");
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
  if (cnf?.jkt !== undefined) return new NotReplayable("a proof of possession can't be made again");
  const boundTo = cnf?.["x5t#S256"] === undefined || peer === null ? {} : { boundTo: peer };
  return standIn.token({ issuer: known.name, claims, ...boundTo }, policy, at);
}
