import { bytes } from "proxy-wasm-as";
import { equal } from "proxy-wasm-as/bytes";
import { StateAnswer, StateInquiry } from "../identity/inquiry";
import { SidecarCall } from "../sidecar-call";
import { encodeKeyRequest, MAX_STATE_ANSWER_BYTES } from "../sync/sync-message";
import { Synchronisation } from "../sync/synchronisation";
import { InquiryListener } from "./inquiry-listener";

const METHOD = bytes("Sync");
/** The sidecar may have to ask the issuer first. */
const DEADLINE_MILLIS: u32 = 3_000;
/** Requests of a VM that wait for it, at most. */
const MAX_WAITING: i32 = 1_024;

/** Those under way, one for each issuer at most. */
const underWay: StateCall[] = [];
let waiting: i32 = 0;

class StateCall extends SidecarCall {
  private readonly inquiries: StateInquiry[] = [];
  private readonly listeners: InquiryListener[] = [];

  constructor(
    public readonly issuer: Uint8Array,
    private readonly synchronisation: Synchronisation,
    private readonly askedMillis: i64,
  ) {
    super();
  }

  add(inquiry: StateInquiry, listener: InquiryListener): void {
    this.inquiries.push(inquiry);
    this.listeners.push(listener);
    waiting++;
  }

  onSettled(answer: Uint8Array | null): void {
    underWay.splice(underWay.indexOf(this), 1);
    waiting -= this.inquiries.length;
    const taken = answer !== null && this.synchronisation.receive(answer, this.askedMillis);
    for (let i = 0; i < this.inquiries.length; i++) {
      this.inquiries[i].answer = taken ? StateAnswer.Given : StateAnswer.None;
    }
    for (let i = 0; i < this.listeners.length; i++) this.listeners[i].onInquiryAnswered();
  }
}

/**
 * Has the sidecar give its newest state, once it has looked for a key where the inquiry names an issuer; those who ask for
 * the same meanwhile share the answer. False: it could not be asked, and the listener is not told.
 */
export function askForNewestState(
  inquiry: StateInquiry,
  synchronisation: Synchronisation,
  policyDigest: Uint8Array,
  nowMillis: i64,
  listener: InquiryListener,
): bool {
  let call = callFor(inquiry.issuer);
  if (call === null && waiting < MAX_WAITING) {
    const made = new StateCall(inquiry.issuer, synchronisation, nowMillis);
    const message = encodeKeyRequest(
      synchronisation.worker,
      policyDigest,
      synchronisation.state.version,
      inquiry.issuer,
      inquiry.kid,
    );
    if (made.start(METHOD, message, DEADLINE_MILLIS, MAX_STATE_ANSWER_BYTES, nowMillis)) {
      underWay.push(made);
      call = made;
    }
  }
  if (call === null || waiting >= MAX_WAITING) {
    inquiry.answer = StateAnswer.None;
    return false;
  }
  call.add(inquiry, listener);
  return true;
}

function callFor(issuer: Uint8Array): StateCall | null {
  for (let i = 0; i < underWay.length; i++) if (equal(underWay[i].issuer, issuer)) return underWay[i];
  return null;
}
