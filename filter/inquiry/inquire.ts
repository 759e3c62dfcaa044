import { Gate } from "../gate";
import { Inquiry } from "../identity/inquiry";
import { InquiryListener } from "./inquiry-listener";
import { askForNewestState } from "./state-call";
import { askToVerify } from "./verify-call";

/** Asks the sidecar what is open. False: it can't be asked, and the listener is not told. */
export function inquire(inquiry: Inquiry, gate: Gate, listener: InquiryListener): bool {
  const now = gate.environment.nowMillis();
  const state = inquiry.openState;
  if (state !== null) return askForNewestState(state, gate.synchronisation, gate.policy.digest, now, listener);
  const signature = inquiry.openSignature;
  return signature !== null && askToVerify(signature, now, listener);
}
