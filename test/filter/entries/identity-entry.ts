import { equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment, SharedValue, SignatureFinding } from "../../../filter/environment";
import { Authentication, authenticate } from "../../../filter/identity/authenticate";
import { Claims } from "../../../filter/identity/claims";
import { isToken68 } from "../../../filter/identity/credentials";
import { Inquiry } from "../../../filter/identity/inquiry";
import { JoseHeader } from "../../../filter/identity/jose-header";
import { PeerCertificate } from "../../../filter/identity/peer-certificate";
import { TokenCache } from "../../../filter/identity/token-cache";
import { VerificationBudget } from "../../../filter/identity/verification-budget";
import { countFailure, failuresOf, Party } from "../../../filter/limits/failure-window";
import { CompiledPolicy } from "../../../filter/policy/compiled-policy";
import { monotonicMicros, nowMillis, secret, verify } from "./identity-host";

export const Uint8Array_ID = idof<Uint8Array>();
export { isToken68 };

let certificateDigest: Uint8Array = new Uint8Array(0);
let othersAreFaster: bool = false;
const keys: Uint8Array[] = [];
const values: Uint8Array[] = [];
const versions: u32[] = [];

class TestEnvironment extends Environment {
  nowMillis(): i64 {
    return nowMillis();
  }

  monotonicMicros(): i64 {
    return monotonicMicros();
  }

  verifySignature(algorithm: u32, spki: Uint8Array, signature: Uint8Array, text: Uint8Array): SignatureFinding {
    const verified = verify(
      algorithm,
      spki.dataStart,
      spki.length,
      signature.dataStart,
      signature.length,
      text.dataStart,
      text.length,
    );
    return verified ? SignatureFinding.Verified : SignatureFinding.Refused;
  }

  sourceAddress(): Uint8Array {
    return new Uint8Array(0);
  }

  peerCertificateDigest(): Uint8Array {
    return certificateDigest;
  }

  shared(key: Uint8Array): SharedValue | null {
    for (let i = 0; i < keys.length; i++)
      if (equal(keys[i], key)) return new SharedValue(values[i].slice(), versions[i]);
    return null;
  }

  /** As Envoy's shared data: a write under another version than the current one fails. */
  share(key: Uint8Array, value: Uint8Array, version: u32): bool {
    for (let i = 0; i < keys.length; i++) {
      if (!equal(keys[i], key)) continue;
      if (version != versions[i] || othersAreFaster) return false;
      values[i] = value.slice();
      versions[i] += 1;
      return true;
    }
    if (othersAreFaster) return false;
    keys.push(key.slice());
    values.push(value.slice());
    versions.push(1);
    return true;
  }

  fillRandom(bytes: Uint8Array): bool {
    for (let i = 0; i < bytes.length; i++) bytes[i] = <u8>(i * 37 + 11);
    return true;
  }

  secret(name: Uint8Array): Uint8Array | null {
    const value = new Uint8Array(1024);
    const length = secret(name.dataStart, name.length, value.dataStart);
    return length < 0 ? null : value.subarray(0, length);
  }
}

const budget = new VerificationBudget();
const environment = new TestEnvironment(budget, new VerificationBudget());
let policy: CompiledPolicy | null = null;
let cache = new TokenCache();
let last: Authentication | null = null;

/** Takes the policy and starts with an empty cache. */
export function usePolicy(blob: Uint8Array): bool {
  policy = CompiledPolicy.decode(blob);
  cache = new TokenCache();
  last = null;
  return policy !== null;
}

/** Outcome of the token; -1: there is no policy. The subject stays until the next call. */
export function authenticateRequest(pairs: Uint8Array, presented: bool, uri: Uint8Array): i32 {
  const inForce = policy;
  if (inForce === null) return -1;
  const peer = new PeerCertificate(presented, uri);
  const authentication = authenticate(HeaderMap.decode(pairs), inForce, peer, environment, cache, new Inquiry(), false);
  last = authentication;
  return authentication.token;
}

/** Of the last subject: 0 issuer's name, 1 subject, 2 scopes (separated by LF), 3 claims, 4 workload. */
export function subjectPart(part: i32): Uint8Array {
  const authentication = last;
  if (authentication === null) return new Uint8Array(0);
  const subject = authentication.subject;
  const issuer = subject.issuer;
  if (part == 0) return issuer === null ? new Uint8Array(0) : issuer.name;
  if (part == 1) return subject.subject;
  if (part == 2) return lines(subject.scopes);
  if (part == 3) return subject.claims.payload;
  return subject.workload;
}

export function acceptedUntilMillis(): i64 {
  const authentication = last;
  return authentication === null ? -1 : authentication.subject.acceptedUntilMillis;
}

/** `kind`: a `VALUE_…` of the compiled policy. */
export function claimFits(name: Uint8Array, kind: u32, text: Uint8Array): bool {
  const authentication = last;
  if (authentication === null) return false;
  const claims = authentication.subject.claims;
  const index = claims.indexOf(name);
  return index >= 0 && claims.fits(index, kind, text);
}

export function cacheSize(): i32 {
  return cache.size;
}

export function cacheBytes(): i32 {
  return cache.byteLength;
}

export function budgetAllows(millis: i64): bool {
  return budget.allows(millis);
}

export function chargeBudget(): void {
  budget.charge();
}

export function headerOutcome(json: Uint8Array): i32 {
  return JoseHeader.read(json).outcome;
}

export function claimsAreWellFormed(payload: Uint8Array): bool {
  return Claims.read(payload) !== null;
}

function lines(values: Uint8Array[]): Uint8Array {
  let length = 0;
  for (let i = 0; i < values.length; i++) length += values[i].length + 1;
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    out.set(values[i], at);
    at += values[i].length;
    out[at++] = 0x0a;
  }
  return out;
}

/** SHA-256 of the connection's client certificate; empty: there is none. */
export function useCertificate(digest: Uint8Array): void {
  certificateDigest = digest.slice();
}

/** Whether every write of a shared value comes too late. */
export function raceWrites(lose: bool): void {
  othersAreFaster = lose;
}

/** The nonce that the last request was answered with. */
export function nonce(): Uint8Array {
  const authentication = last;
  return authentication === null ? new Uint8Array(0) : authentication.nonce;
}

export function bindings(): u32 {
  const authentication = last;
  return authentication === null ? 0 : authentication.bindings;
}

/** Bytes of all shared values. */
export function sharedBytes(): i32 {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i].length;
  return total;
}

/** One more failure of that party; gives all of its window. */
export function fail(party: Uint8Array, windowSeconds: u32): u32 {
  return countFailure(environment, new Party(party), nowMillis() / 1000, windowSeconds).count;
}

export function failures(party: Uint8Array, windowSeconds: u32): u32 {
  return failuresOf(environment, new Party(party), nowMillis() / 1000, windowSeconds).count;
}
