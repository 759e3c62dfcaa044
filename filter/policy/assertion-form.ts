import { ASSERTION_CLAIMS_OFFSET, ASSERTION_LIFETIME_OFFSET, ASSERTION_TEXTS_OFFSET } from "./blob-layout";
import { stringRun } from "./issuer";
import { PolicyBlob } from "./policy-blob";

/** How an assertion of identity looks; byte arrays are views of the policy. */
export class AssertionForm {
  private constructor(
    /** The request header that takes it to the upstream. */
    readonly header: Uint8Array,
    /** Its `iss` and `aud`. */
    readonly issuer: Uint8Array,
    readonly audience: Uint8Array,
    readonly lifetimeMillis: i64,
    /** Claims of the client's token that it repeats. */
    readonly claims: Uint8Array[],
  ) {}

  /** null: the policy makes none. */
  static read(blob: PolicyBlob): AssertionForm | null {
    const lifetime = blob.word(ASSERTION_LIFETIME_OFFSET);
    if (lifetime == 0) return null;
    return new AssertionForm(
      blob.string(blob.word(ASSERTION_TEXTS_OFFSET)),
      blob.string(blob.word(ASSERTION_TEXTS_OFFSET + 4)),
      blob.string(blob.word(ASSERTION_TEXTS_OFFSET + 8)),
      <i64>lifetime * 1000,
      stringRun(blob, blob.word(ASSERTION_CLAIMS_OFFSET), blob.word(ASSERTION_CLAIMS_OFFSET + 4)),
    );
  }
}
