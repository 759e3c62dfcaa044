import { Issuer, VerificationKey } from "../policy/issuer";
import { RevocationList } from "../policy/revocation-list";
import { Claims } from "./claims";

const NONE = new Uint8Array(0);

/** A token whose signature and audience were accepted. Time is not part of it (`judgeTime`), nor revocation (`isRevoked`). */
export class VerifiedToken {
  /** What lists of revocations may name it by; empty: not asked yet. */
  marks: Uint8Array = NONE;
  /** The list that `isRevoked` is of. */
  judgedBy: RevocationList = RevocationList.NONE;
  isRevoked: bool = false;

  constructor(
    public readonly issuer: Issuer,
    public readonly claims: Claims,
    /** null: it was a shared secret. */
    public readonly key: VerificationKey | null,
    /** Of the key, or as the token names it; empty: none. */
    public readonly kid: Uint8Array,
  ) {}

  /** Its key is no longer one of its issuer's: it must be verified anew. */
  get isOutdated(): bool {
    const key = this.key;
    return key !== null && key.isRetired;
  }
}
