import { bytes } from "proxy-wasm-as";
import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { Assertion, AssertionInquiry } from "../identity/assertion";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";
import { SidecarCall } from "../sidecar-call";
import { InquiryListener } from "./inquiry-listener";

const METHOD = bytes("Sign");
/** A signature takes less than a millisecond; a small machine may be busy with something else for tens of them. */
const DEADLINE_MILLIS: u32 = 500;
const MAX_ANSWER_BYTES: u32 = 9 * 1024;
/** Calls that a VM has under way at most. */
const MAX_CALLS: i32 = 256;

/** Those under way. */
let calls: i32 = 0;

class SignCall extends SidecarCall {
  constructor(
    private readonly inquiry: AssertionInquiry,
    private readonly listener: InquiryListener,
  ) {
    super();
  }

  onSettled(answer: Uint8Array | null): void {
    calls--;
    if (answer !== null) this.inquiry.answer = read(answer);
    this.listener.onInquiryAnswered();
  }
}

/** Has the sidecar sign an assertion, once. False: there is nothing to be signed, or it can't be; the listener is not told. */
export function askToSign(assertion: Assertion, nowMillis: i64, listener: InquiryListener): bool {
  const inquiry = assertion.inquiry;
  if (inquiry === null || inquiry.isAsked || calls >= MAX_CALLS) return false;
  inquiry.isAsked = true;
  const message = new ProtobufWriter(inquiry.claims.length + 16)
    .bytes(1, inquiry.claims)
    .uint(2, <u64>inquiry.expiresSeconds)
    .uint(PROTOCOL_FIELD, PROTOCOL)
    .finish();
  const call = new SignCall(inquiry, listener);
  if (!call.start(METHOD, message, DEADLINE_MILLIS, MAX_ANSWER_BYTES, nowMillis)) return false;
  calls++;
  return true;
}

/** `postern.v1.SignResponse`; empty: it is none. */
function read(message: Uint8Array): Uint8Array {
  const reader = new ProtobufReader(message);
  let token = message.subarray(0, 0);
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) token = reader.content;
  return reader.malformed ? message.subarray(0, 0) : token.slice();
}
