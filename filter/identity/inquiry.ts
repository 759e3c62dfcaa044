import { equal } from "proxy-wasm-as/bytes";

/** What the sidecar said of a signature. */
export const enum SignatureAnswer {
  /** Nothing yet. */
  Open,
  Verified,
  Refused,
  /** It could not be asked, or did not answer in time. */
  None,
}

/** A signature of an algorithm that the host does not verify: what is asked of the sidecar, and its answer. */
export class SignatureInquiry {
  answer: SignatureAnswer = SignatureAnswer.Open;

  constructor(
    /** One `ALGORITHM_…` bit. */
    public readonly algorithm: u32,
    /** DER SubjectPublicKeyInfo. */
    public readonly spki: Uint8Array,
    public readonly signature: Uint8Array,
    public readonly signingInput: Uint8Array,
  ) {}

  equals(other: SignatureInquiry): bool {
    if (this.algorithm != other.algorithm || !equal(this.spki, other.spki)) return false;
    return equal(this.signature, other.signature) && equal(this.signingInput, other.signingInput);
  }
}

/**
 * What must be asked of the sidecar before a request can be judged. It is judged with one, which is then asked and answered,
 * and judged once more with the same: what was answered is not asked again.
 */
export class Inquiry {
  private signature: SignatureInquiry | null = null;

  /** What waits for an answer; null: nothing. */
  get openSignature(): SignatureInquiry | null {
    const signature = this.signature;
    return signature !== null && signature.answer == SignatureAnswer.Open ? signature : null;
  }

  /** The answer to this very question; one that was not asked before is open from now on. */
  answerTo(signature: SignatureInquiry): SignatureAnswer {
    const asked = this.signature;
    if (asked !== null && asked.equals(signature)) return asked.answer;
    this.signature = signature;
    return SignatureAnswer.Open;
  }
}
