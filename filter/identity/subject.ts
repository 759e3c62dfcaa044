import { Issuer } from "../policy/issuer";
import { ClaimSet } from "./claim-set";

const NONE = new Uint8Array(0);
const NO_CLAIMS = new ClaimSet(NONE);

/** Who asks: what was verified about the person or service and the workload behind a request. Views; not changed later. */
export class Subject {
  /** null: no token was verified. */
  issuer: Issuer | null = null;
  /** A trusted proxy's word about its client can't be read: the workload is empty, and any may be behind it. */
  isWorkloadUntold: bool = false;
  /** `sub`; empty: the token has none. Free of control characters. */
  subject: Uint8Array = NONE;
  /** Name of the API key that was sent; empty: none, or none that is accepted. */
  apiKey: Uint8Array = NONE;
  /** When the API key expires, Unix milliseconds; 0: never, or there is none. */
  apiKeyUntilMillis: i64 = 0;
  /** From `scope` and `scp`; each is a scope-token of RFC 6749 section 3.3. */
  scopes: Uint8Array[] = [];
  /** Of the verified token; empty: none was verified. */
  claims: ClaimSet = NO_CLAIMS;
  /** When the token is no longer accepted: `exp` with the issuer's clock skew, Unix milliseconds. */
  acceptedUntilMillis: i64 = 0;

  constructor(
    /** Verified SPIFFE id; empty: none. */
    public workload: Uint8Array,
  ) {}
}
