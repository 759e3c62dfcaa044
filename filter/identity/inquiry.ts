import { equal } from "proxy-wasm-as/bytes";

const NONE = new Uint8Array(0);

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

export const enum StateAnswer {
  Open,
  /** The sidecar has given its newest state: if there is a new key, the issuer has it now. */
  Given,
  /** It could not be asked, or did not answer in time. */
  None,
}

/** The sidecar's newest state is needed, perhaps once it has looked for a key where the keys of an issuer come from. */
export class StateInquiry {
  answer: StateAnswer = StateAnswer.Open;

  constructor(
    /** The issuer's name in the policy; empty: no key is looked for. */
    public readonly issuer: Uint8Array,
    /** Empty: the token names none. */
    public readonly kid: Uint8Array,
  ) {}
}

/**
 * What must be asked of the sidecar before a request can be judged. It is judged with one, which is then asked and answered,
 * and judged once more with the same: what was answered is not asked again.
 */
export class Inquiry {
  private signature: SignatureInquiry | null = null;
  private key: StateInquiry | null = null;
  private revocations: StateInquiry | null = null;

  /** Something waits for an answer, and nothing can be judged before. */
  get isOpen(): bool {
    return this.openState !== null || this.openSignature !== null;
  }

  get openSignature(): SignatureInquiry | null {
    const signature = this.signature;
    return signature !== null && signature.answer == SignatureAnswer.Open ? signature : null;
  }

  get openState(): StateInquiry | null {
    const key = this.key;
    if (key !== null && key.answer == StateAnswer.Open) return key;
    const revocations = this.revocations;
    return revocations !== null && revocations.answer == StateAnswer.Open ? revocations : null;
  }

  /** The answer of the one look for a key that a request may cause. */
  lookForKey(issuer: Uint8Array, kid: Uint8Array): StateAnswer {
    const asked = this.key;
    if (asked !== null) return asked.answer;
    this.key = new StateInquiry(issuer, kid);
    return StateAnswer.Open;
  }

  /** Whether the sidecar has been asked, as it may be once for a request, for what is revoked by now. */
  askForRevocations(): StateAnswer {
    const asked = this.revocations;
    if (asked !== null) return asked.answer;
    this.revocations = new StateInquiry(NONE, NONE);
    return StateAnswer.Open;
  }

  /** The answer to this very question; one that was not asked before is open from now on. */
  answerTo(signature: SignatureInquiry): SignatureAnswer {
    const asked = this.signature;
    if (asked !== null && asked.equals(signature)) return asked.answer;
    this.signature = signature;
    return SignatureAnswer.Open;
  }
}
