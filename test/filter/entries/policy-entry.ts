import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment, SharedValue, SignatureFinding } from "../../../filter/environment";
import { ClaimSet } from "../../../filter/identity/claim-set";
import { Subject } from "../../../filter/identity/subject";
import { VerificationBudget } from "../../../filter/identity/verification-budget";
import { Circumstances } from "../../../filter/policy/circumstances";
import { CompiledPolicy } from "../../../filter/policy/compiled-policy";
import { GrantEffect, grantId, judgeGrants } from "../../../filter/policy/grant";
import { Issuer } from "../../../filter/policy/issuer";
import { matchRoute } from "../../../filter/policy/match";
import { parseSourceAddress } from "../../../filter/policy/source-address";

export const Uint8Array_ID = idof<Uint8Array>();

let policy: CompiledPolicy | null = null;

/** 1: taken, and what it says can be asked for; 0: refused, the last policy stays. */
export function decode(blob: Uint8Array): i32 {
  const decoded = CompiledPolicy.decode(blob);
  if (decoded === null) return 0;
  policy = decoded;
  return 1;
}

export function refusal(): string {
  return CompiledPolicy.refusal;
}

export function match(host: Uint8Array, method: Uint8Array, path: Uint8Array): i32 {
  return matchRoute(policy!, host, method, path);
}

class TestEnvironment extends Environment {
  address: Uint8Array = new Uint8Array(0);
  now: i64 = 0;

  nowMillis(): i64 {
    return this.now;
  }

  monotonicMicros(): i64 {
    return 0;
  }

  verifySignature(_algorithm: u32, _spki: Uint8Array, _signature: Uint8Array, _text: Uint8Array): SignatureFinding {
    return SignatureFinding.Refused;
  }

  sourceAddress(): Uint8Array {
    return this.address;
  }

  peerCertificateDigest(): Uint8Array {
    return new Uint8Array(0);
  }

  shared(_key: Uint8Array): SharedValue | null {
    return null;
  }

  share(_key: Uint8Array, _value: Uint8Array, _version: u32): bool {
    return false;
  }

  fillRandom(_bytes: Uint8Array): bool {
    return false;
  }

  secret(_name: Uint8Array): Uint8Array | null {
    return null;
  }
}

const environment = new TestEnvironment(new VerificationBudget(), new VerificationBudget());

/** Where and when the next `grant` asks: `address:port`, Unix seconds, header pairs as the host serializes them. */
let pairs: Uint8Array = new Uint8Array(0);
export function circumstances(address: Uint8Array, nowSeconds: i64, headers: Uint8Array): void {
  environment.address = address.slice();
  environment.now = nowSeconds * 1000;
  pairs = headers.slice();
}

/**
 * `issuer`: index, -1 for no token; `scopes` separated by spaces. Gives `allow ID`, `deny ID` or `none`, and `expired ID`
 * where a grant would have decided.
 */
export function grant(route: i32, issuer: i32, scopes: Uint8Array, claims: Uint8Array, workload: Uint8Array): string {
  const subject = new Subject(workload);
  if (issuer >= 0) subject.issuer = policy!.issuers[issuer];
  const names = text(scopes).split(" ");
  for (let i = 0; i < names.length; i++) subject.scopes.push(Uint8Array.wrap(String.UTF8.encode(names[i])));
  subject.claims = new ClaimSet(claims);
  const asked = new Circumstances(subject, HeaderMap.decode(pairs), environment);
  const finding = judgeGrants(policy!, policy!.route(route), asked);
  let found = "none";
  if (finding.effect != GrantEffect.None) {
    found = (finding.effect == GrantEffect.Deny ? "deny " : "allow ") + text(grantId(policy!, finding.grant));
  }
  return finding.expired < 0 ? found : `${found}, expired ${text(grantId(policy!, finding.expired))}`;
}

/** The address as 32 hexadecimal digits; empty: it is none. */
export function address(written: Uint8Array): string {
  const parsed = parseSourceAddress(written);
  if (!parsed.known) return "";
  return parsed.high.toString(16).padStart(16, "0") + parsed.low.toString(16).padStart(16, "0");
}

/** Everything that the filter can read of the policy but for the routes, one thing a line. */
export function describe(): string {
  const p = policy!;
  const lines: string[] = [`digest ${hex(p.digest)}`, `mode ${p.mode}`, `routes ${p.routeCount}`];
  lines.push(`trust ${list(p.trustDomains)}`);
  lines.push(`forwarded ${list(p.forwardedFrom)}`);
  lines.push(`headers ${list([p.subjectHeader, p.issuerHeader, p.workloadHeader, p.scopesHeader])}`);
  lines.push(`told ${list(p.toldClaims)}`);
  lines.push(`identity ${list(p.identityHeaders)}`);
  const form = p.assertion;
  if (form !== null) {
    const texts = list([form.header, form.issuer, form.audience]);
    lines.push(`assertion ${texts} ${form.lifetimeMillis} ${list(form.claims)}`);
  }
  for (let i = 0; i < p.issuers.length; i++) describeIssuer(p.issuers[i], lines);
  return lines.join("\n");
}

export function describeRoute(index: i32): string {
  const r = policy!.route(index);
  const flags = `${r.isPublic} ${r.askAlways} ${r.openWhenUnavailable} ${r.prefixWhenTooLarge} ${r.hasTokenGrant} ${r.wantsAssertion}`;
  const numbers = `${r.index} ${r.mode} ${r.score} ${r.deadlineMillis} ${r.maxBody} ${r.grantCount} ${r.denyCount} ${r.stepUpFrom}`;
  return `${text(r.name)} ${numbers} ${flags}`;
}

function describeIssuer(issuer: Issuer, lines: string[]): void {
  const numbers = `${issuer.index} ${issuer.algorithms} ${issuer.clockSkewSeconds}`;
  const names = list([issuer.name, issuer.issuer, issuer.secretEnvironmentName, issuer.keysUri]);
  lines.push(`issuer ${numbers} ${names} ${list(issuer.audiences)}`);
  for (let i = 0; i < issuer.keys.length; i++) {
    const key = issuer.keys[i];
    lines.push(`key ${key.algorithms} ${text(key.kid)} ${hex(key.spki)}`);
  }
}

function list(values: Uint8Array[]): string {
  const texts: string[] = [];
  for (let i = 0; i < values.length; i++) texts.push(text(values[i]));
  return texts.join(",");
}

function text(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

function hex(bytes: Uint8Array): string {
  let result = "";
  for (let i = 0; i < bytes.length; i++) result += (<u32>bytes[i]).toString(16).padStart(2, "0");
  return result;
}
