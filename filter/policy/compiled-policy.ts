import { ApiKey, allApiKeys } from "./api-key";
import { AssertionForm } from "./assertion-form";
import { blobRefusal } from "./blob-check";
import {
  DIGEST_OFFSET,
  DIGESTED_OFFSET,
  DIRECTORY_OFFSET,
  FORWARDED_FROM_OFFSET,
  HEADER_NAMES_OFFSET,
  KEY_FORWARD_OFFSET,
  KEY_HEADER_OFFSET,
  KEY_NAME_HEADER_OFFSET,
  LENGTH_OFFSET,
  LOG_OFFSET,
  LOG_REQUIRED,
  MODE_OFFSET,
  ORIGINS_OFFSET,
  PROOF_AGE_OFFSET,
  PROOF_NONCE_OFFSET,
  SECTION_ROUTES,
  TOLD_CLAIMS_OFFSET,
  TRUST_DOMAINS_OFFSET,
} from "./blob-layout";
import { FailureLimits } from "./failure-limits";
import { allIssuers, Issuer, stringRun } from "./issuer";
import { PolicyBlob } from "./policy-blob";
import { RevocationList } from "./revocation-list";
import { Route } from "./route";

const CACHED_ROUTES: i32 = 256;

/** How many of these bytes are the compiled policy that they begin with; all of them where they begin with none. */
export function compiledLength(bytes: Uint8Array): i32 {
  if (bytes.length < DIRECTORY_OFFSET) return bytes.length;
  return <i32>min(<u32>bytes.length, load<u32>(bytes.dataStart + LENGTH_OFFSET));
}

/** A policy as `inference-sidecar/src/policy/compile.ts` wrote it, checked once, then read in place. */
export class CompiledPolicy {
  /** Why the last `decode` gave null; empty after a success. */
  static refusal: string = "";

  /** 32 bytes; names this policy in records and caches. */
  readonly digest: Uint8Array;
  /** Rung on which a request stands that no route matches: 0 observe, 1 detect, 2 prevent, 3 adapt. */
  readonly mode: u8;
  /** From `detect` up a request waits until its record is on the disk. */
  readonly logRequired: bool;
  readonly issuers: Issuer[];
  /** Some issuer's tokens are JWT-SVIDs. */
  readonly hasTrustDomains: bool;
  /** The list that is in force, and when it was last confirmed to be (Unix milliseconds; 0: never). */
  revocations: RevocationList = RevocationList.NONE;
  revocationsConfirmedMillis: i64 = 0;
  /** SPIFFE trust domain names accepted from the verified peer certificate. */
  readonly trustDomains: Uint8Array[];
  /** SPIFFE ids of peers whose XFCC is believed. */
  readonly forwardedFrom: Uint8Array[];
  readonly subjectHeader: Uint8Array;
  readonly issuerHeader: Uint8Array;
  readonly workloadHeader: Uint8Array;
  readonly scopesHeader: Uint8Array;
  /** API keys that are accepted; empty: none, and no header brings one. */
  readonly apiKeys: ApiKey[];
  /** The header that brings an API key. */
  readonly keyHeader: Uint8Array;
  /** That header goes on to the upstream. */
  readonly forwardsKey: bool;
  /** The header in which the upstream is told the name of the API key. */
  readonly keyNameHeader: Uint8Array;
  /** Claims that the upstream is told, each followed by its header. */
  readonly toldClaims: Uint8Array[];
  /** null: no route gives an assertion on. */
  readonly assertion: AssertionForm | null;
  /** The headers in which identity is given on: no client may send them. */
  readonly identityHeaders: Uint8Array[];
  /** null: nobody is limited. */
  readonly limits: FailureLimits | null;
  readonly routeCount: i32;
  /** How old a DPoP proof may be, seconds. */
  readonly proofAgeSeconds: i64;
  /** How long a proof of any issuer may be accepted from its making on, the clock skew allowed for, seconds. */
  readonly proofWindowSeconds: i64;
  /** A DPoP proof needs a nonce of this gate. */
  readonly proofNeedsNonce: bool;
  /** Scheme and authority under which clients know the gate; empty: those of the request. */
  readonly origins: Uint8Array[];
  private readonly routes: StaticArray<Route | null> = new StaticArray<Route | null>(CACHED_ROUTES);

  private constructor(readonly blob: PolicyBlob) {
    this.digest = blob.bytes.subarray(DIGEST_OFFSET, DIGESTED_OFFSET);
    this.mode = <u8>blob.word(MODE_OFFSET);
    this.logRequired = blob.word(LOG_OFFSET) == LOG_REQUIRED;
    const issuers = allIssuers(blob);
    this.issuers = issuers;
    this.hasTrustDomains = anyHasTrustDomain(issuers);
    this.trustDomains = stringRun(blob, blob.word(TRUST_DOMAINS_OFFSET), blob.word(TRUST_DOMAINS_OFFSET + 4));
    this.forwardedFrom = stringRun(blob, blob.word(FORWARDED_FROM_OFFSET), blob.word(FORWARDED_FROM_OFFSET + 4));
    this.subjectHeader = blob.string(blob.word(HEADER_NAMES_OFFSET));
    this.issuerHeader = blob.string(blob.word(HEADER_NAMES_OFFSET + 4));
    this.workloadHeader = blob.string(blob.word(HEADER_NAMES_OFFSET + 8));
    this.scopesHeader = blob.string(blob.word(HEADER_NAMES_OFFSET + 12));
    const proofAge: i64 = blob.word(PROOF_AGE_OFFSET);
    this.proofAgeSeconds = proofAge;
    this.proofWindowSeconds = proofAge + longestSkew(issuers);
    this.proofNeedsNonce = blob.word(PROOF_NONCE_OFFSET) == 1;
    this.origins = stringRun(blob, blob.word(ORIGINS_OFFSET), blob.word(ORIGINS_OFFSET + 4));
    this.apiKeys = allApiKeys(blob);
    this.keyHeader = blob.string(blob.word(KEY_HEADER_OFFSET));
    this.forwardsKey = blob.word(KEY_FORWARD_OFFSET) == 1;
    this.keyNameHeader = blob.string(blob.word(KEY_NAME_HEADER_OFFSET));
    const toldClaims = stringRun(blob, blob.word(TOLD_CLAIMS_OFFSET), blob.word(TOLD_CLAIMS_OFFSET + 4));
    const assertion = AssertionForm.read(blob);
    this.toldClaims = toldClaims;
    this.assertion = assertion;
    this.identityHeaders = identityHeaders(blob, toldClaims, assertion);
    this.limits = FailureLimits.read(blob);
    this.routeCount = blob.sectionCount(SECTION_ROUTES);
  }

  /** Null for bytes that are no intact policy of this version; `refusal` then says why. The bytes are copied. */
  static decode(bytes: Uint8Array): CompiledPolicy | null {
    CompiledPolicy.refusal = blobRefusal(bytes);
    if (CompiledPolicy.refusal.length > 0) return null;
    return new CompiledPolicy(new PolicyBlob(bytes.slice()));
  }

  /** `index` from `matchRoute`, 0 to `routeCount` - 1. At most `CACHED_ROUTES` objects are kept. */
  route(index: i32): Route {
    const slot = index & (CACHED_ROUTES - 1);
    const cached = unchecked(this.routes[slot]);
    if (cached !== null && cached.index == index) return cached;
    const route = new Route(this.blob, index);
    unchecked((this.routes[slot] = route));
    return route;
  }
}

/** Seconds. */
function longestSkew(issuers: Issuer[]): i64 {
  let longest: i64 = 0;
  for (let i = 0; i < issuers.length; i++) longest = max(longest, issuers[i].clockSkewSeconds);
  return longest;
}

function identityHeaders(blob: PolicyBlob, toldClaims: Uint8Array[], assertion: AssertionForm | null): Uint8Array[] {
  const names: Uint8Array[] = [blob.string(blob.word(KEY_NAME_HEADER_OFFSET))];
  for (let i = 0; i < 4; i++) names.push(blob.string(blob.word(HEADER_NAMES_OFFSET + i * 4)));
  for (let i = 1; i < toldClaims.length; i += 2) names.push(toldClaims[i]);
  if (assertion !== null) names.push(assertion.header);
  return names;
}

function anyHasTrustDomain(issuers: Issuer[]): bool {
  for (let i = 0; i < issuers.length; i++) if (issuers[i].trustDomain.length > 0) return true;
  return false;
}
