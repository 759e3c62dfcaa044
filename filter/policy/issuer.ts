import { equal } from "proxy-wasm-as/bytes";
import { SECTION_ISSUERS, SECTION_KEYS, SECTION_LIST } from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

/** No key set that is taken has a longer one, whether it is the policy's or was fetched. */
export const MAX_KID_BYTES: i32 = 256;

export class VerificationKey {
  /** It was its issuer's, and is no more. */
  isRetired: bool = false;

  constructor(
    /** Empty: the key has none. */
    readonly kid: Uint8Array,
    /** Those that it may be used with: a set of `ALGORITHM_…` bits. */
    readonly algorithms: u32,
    /** DER SubjectPublicKeyInfo. */
    readonly spki: Uint8Array,
  ) {}

  equals(other: VerificationKey): bool {
    return this.algorithms == other.algorithms && equal(this.kid, other.kid) && equal(this.spki, other.spki);
  }
}

/** An issuer of tokens that the policy trusts; byte arrays are views of the policy. */
export class Issuer {
  readonly name: Uint8Array;
  /** The `iss` claim, compared exactly; empty: see `trustDomain`. */
  readonly issuer: Uint8Array;
  /** Its tokens are JWT-SVIDs of this SPIFFE trust domain; empty: they are not. */
  readonly trustDomain: Uint8Array;
  readonly audiences: Uint8Array[];
  /** A set of `ALGORITHM_…` bits. */
  readonly algorithms: u32;
  /** Those of the policy, or that were fetched last. */
  keys: VerificationKey[];
  /** When its keys were fetched, Unix milliseconds; 0: never, or they are the policy's. */
  keysFetchedMillis: i64 = 0;
  /** Where its keys are fetched from; empty: they are the policy's. */
  readonly keysUri: Uint8Array;
  /** How old fetched keys may be; 0: they are the policy's. */
  readonly keysMaxAgeMillis: i64;
  /** How old the list of revocations may be; 0: any age will do. */
  readonly revocationMaxAgeMillis: i64;
  /** Environment variable that holds the HS256 secret; empty without HS256. */
  readonly secretEnvironmentName: Uint8Array;
  readonly clockSkewSeconds: i64;
  /** Ways (`BOUND_BY_…`) in one of which its tokens must be bound to their sender; 0: they need not be. */
  readonly senderConstraint: u32;

  constructor(
    blob: PolicyBlob,
    readonly index: i32,
  ) {
    const record = blob.record(SECTION_ISSUERS, index);
    this.name = blob.string(load<u32>(record));
    this.issuer = blob.string(load<u32>(record, 4));
    this.audiences = stringRun(blob, load<u32>(record, 8), load<u32>(record, 12));
    this.algorithms = load<u32>(record, 16);
    this.keys = keyRun(blob, load<u32>(record, 20), load<u32>(record, 24));
    this.secretEnvironmentName = blob.string(load<u32>(record, 28));
    this.clockSkewSeconds = load<u32>(record, 32);
    this.senderConstraint = load<u32>(record, 36);
    this.trustDomain = blob.string(load<u32>(record, 40));
    this.keysUri = blob.string(load<u32>(record, 52));
    this.keysMaxAgeMillis = <i64>load<u32>(record, 44) * 1000;
    this.revocationMaxAgeMillis = <i64>load<u32>(record, 48) * 1000;
  }

  /**
   * Takes fetched keys in the place of those before, unless its keys are the policy's, or are to be fetched elsewhere than
   * these were (`uri`; empty: not told). A key that stays is the same object; one that goes is retired. Keys for algorithms
   * that the policy does not name are left out.
   */
  useKeys(fetched: VerificationKey[], fetchedMillis: i64, uri: Uint8Array): void {
    if (this.keysMaxAgeMillis == 0 || (uri.length > 0 && !equal(uri, this.keysUri))) return;
    const keys: VerificationKey[] = [];
    for (let i = 0; i < fetched.length; i++) {
      const known = find(this.keys, fetched[i]);
      if ((fetched[i].algorithms & ~this.algorithms) == 0) keys.push(known === null ? fetched[i] : known);
    }
    for (let i = 0; i < this.keys.length; i++) if (find(keys, this.keys[i]) === null) this.keys[i].isRetired = true;
    this.keys = keys;
    this.keysFetchedMillis = fetchedMillis;
  }
}

function find(keys: VerificationKey[], wanted: VerificationKey): VerificationKey | null {
  for (let i = 0; i < keys.length; i++) if (keys[i].equals(wanted)) return keys[i];
  return null;
}

export function allIssuers(blob: PolicyBlob): Issuer[] {
  const issuers: Issuer[] = [];
  for (let i = 0, count = blob.sectionCount(SECTION_ISSUERS); i < count; i++) issuers.push(new Issuer(blob, i));
  return issuers;
}

/** Views of a run of LIST. */
export function stringRun(blob: PolicyBlob, start: u32, count: u32): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let i: u32 = 0; i < count; i++) {
    strings.push(blob.string(load<u32>(blob.record(SECTION_LIST, start + i))));
  }
  return strings;
}

function keyRun(blob: PolicyBlob, start: u32, count: u32): VerificationKey[] {
  const keys: VerificationKey[] = [];
  for (let i: u32 = 0; i < count; i++) {
    const record = blob.record(SECTION_KEYS, start + i);
    const kid = blob.string(load<u32>(record));
    keys.push(new VerificationKey(kid, load<u32>(record, 4), blob.string(load<u32>(record, 8))));
  }
  return keys;
}
