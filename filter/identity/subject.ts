import { Issuer } from "../policy/issuer";
import { claimMatches } from "./claim-match";

const NONE = new Uint8Array(0);

/** Who asks: what was verified about the person or service and the workload behind a request. Views; not changed later. */
export class Subject {
  /** null: no token was verified. */
  issuer: Issuer | null = null;
  /** `sub`; empty: the token has none. Free of control characters. */
  subject: Uint8Array = NONE;
  /** From `scope` and `scp`; each is a scope-token of RFC 6749 section 3.3. */
  scopes: Uint8Array[] = [];
  /** The verified payload, a JSON object without duplicate members; empty: no token was verified. */
  claims: Uint8Array = NONE;
  /** When the token is no longer accepted: `exp` with the issuer's clock skew, Unix milliseconds. */
  acceptedUntilMillis: i64 = 0;

  constructor(
    /** Verified SPIFFE id; empty: none. */
    public readonly workload: Uint8Array,
  ) {}

  /**
   * Whether the top-level claim `name` equals a value of the policy, or is an array with an element that does.
   * `kind`: a `CLAIM_…` of `claim-match`; `text`: the string itself, a JSON number, `true` or `false`.
   */
  claimEquals(name: Uint8Array, kind: u8, text: Uint8Array): bool {
    return claimMatches(this.claims, name, kind, text);
  }
}
