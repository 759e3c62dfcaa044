import { bytes } from "proxy-wasm-as";
import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { SignatureAnswer, SignatureInquiry } from "../identity/inquiry";
import { algorithmName } from "../policy/algorithm";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";
import { SidecarCall } from "../sidecar-call";
import { InquiryListener } from "./inquiry-listener";

const METHOD = bytes("Verify");
/** A verification takes less than a millisecond; a small machine may be busy with something else for tens of them. */
const DEADLINE_MILLIS: u32 = 500;
const MAX_ANSWER_BYTES: u32 = 64;
/** Calls that a VM has under way at most: each keeps its token, of at most 8 KiB, in memory. */
const MAX_CALLS: i32 = 256;

/** Those under way. */
let calls: i32 = 0;

class VerifyCall extends SidecarCall {
  constructor(
    private readonly inquiry: SignatureInquiry,
    private readonly listener: InquiryListener,
  ) {
    super();
  }

  onSettled(answer: Uint8Array | null): void {
    calls--;
    this.inquiry.answer = answer === null ? SignatureAnswer.None : read(answer);
    this.listener.onInquiryAnswered();
  }
}

/** Has the sidecar verify a signature. False: it could not be asked, and the listener is not told. */
export function askToVerify(inquiry: SignatureInquiry, nowMillis: i64, listener: InquiryListener): bool {
  const message = new ProtobufWriter(inquiry.spki.length + inquiry.signature.length + inquiry.signingInput.length + 64)
    .bytes(1, algorithmName(inquiry.algorithm))
    .bytes(2, inquiry.spki)
    .bytes(3, inquiry.signature)
    .bytes(4, inquiry.signingInput)
    .uint(PROTOCOL_FIELD, PROTOCOL)
    .finish();
  const call = new VerifyCall(inquiry, listener);
  if (calls < MAX_CALLS && call.start(METHOD, message, DEADLINE_MILLIS, MAX_ANSWER_BYTES, nowMillis)) {
    calls++;
    return true;
  }
  inquiry.answer = SignatureAnswer.None;
  return false;
}

/** `postern.v1.VerifyResponse`. */
function read(message: Uint8Array): SignatureAnswer {
  const reader = new ProtobufReader(message);
  let verified = false;
  for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) verified = reader.value == 1;
  if (reader.malformed) return SignatureAnswer.None;
  return verified ? SignatureAnswer.Verified : SignatureAnswer.Refused;
}
