import { bytes, equal, HeaderList, Status, sendLocalResponse } from "proxy-wasm-as";
import { encodeHex } from "../encoding/hex";
import { Evaluation } from "../evaluate";
import { Effect, reasonRow, Verdict } from "../verdict";

const CONTENT_TYPE = bytes("content-type");
const APPLICATION_JSON = bytes("application/json");
const HEAD = bytes("HEAD");
/** As the mark's. */
const ANSWER = bytes("x-postern-self-test");
const DETAILS = bytes("postern_self_test");
const NO_GRPC_STATUS: i32 = -1;

/**
 * Answers a probe of the self-test, whatever it would have become: the status that the request would have got, and what
 * each stage found. Texts are names of the policy and codes, which need no escaping.
 */
export function answerProbe(evaluation: Evaluation, verdict: Verdict, decision: Uint8Array): Status {
  const route = evaluation.route;
  const body =
    `{"decision":"${ascii(decision)}","policy":"${ascii(encodeHex(evaluation.policy.digest))}",` +
    `"route":"${route === null ? "" : ascii(route.name)}","rung":${evaluation.rung},` +
    `"denied":${verdict.effect == Effect.Deny},"reason":"${ascii(reasonRow(verdict.reason).code)}",` +
    `"access":"${ascii(reasonRow(evaluation.access).code)}","score":"${ascii(reasonRow(evaluation.scoreFinding).code)}"}`;
  const headers = new HeaderList();
  headers.add(CONTENT_TYPE, APPLICATION_JSON);
  // Its response has no body.
  if (equal(evaluation.request.method, HEAD)) headers.add(ANSWER, bytes(body));
  return sendLocalResponse(reasonRow(verdict.reason).status, DETAILS, headers, bytes(body), NO_GRPC_STATUS);
}

function ascii(text: Uint8Array): string {
  return String.UTF8.decodeUnsafe(text.dataStart, text.length);
}
