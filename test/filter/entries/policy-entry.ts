import { Subject } from "../../../filter/identity/subject";
import { CompiledPolicy } from "../../../filter/policy/compiled-policy";
import { findGrant } from "../../../filter/policy/grant";
import { Issuer } from "../../../filter/policy/issuer";
import { matchRoute } from "../../../filter/policy/match";

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

/** `issuer`: index, -1 for no token; `scopes` separated by spaces. */
export function grant(route: i32, issuer: i32, scopes: Uint8Array, claims: Uint8Array, workload: Uint8Array): i32 {
  const subject = new Subject(workload);
  if (issuer >= 0) subject.issuer = policy!.issuers[issuer];
  const names = text(scopes).split(" ");
  for (let i = 0; i < names.length; i++) subject.scopes.push(Uint8Array.wrap(String.UTF8.encode(names[i])));
  subject.claims = claims;
  return findGrant(policy!, policy!.route(route), subject);
}

/** Everything that the filter can read of the policy but for the routes, one thing a line. */
export function describe(): string {
  const p = policy!;
  const lines: string[] = [`digest ${hex(p.digest)}`, `mode ${p.mode}`, `routes ${p.routeCount}`];
  lines.push(`trust ${list(p.trustDomains)}`);
  lines.push(`forwarded ${list(p.forwardedFrom)}`);
  lines.push(`headers ${list([p.subjectHeader, p.issuerHeader, p.workloadHeader, p.scopesHeader])}`);
  for (let i = 0; i < p.issuers.length; i++) describeIssuer(p.issuers[i], lines);
  return lines.join("\n");
}

export function describeRoute(index: i32): string {
  const r = policy!.route(index);
  const flags = `${r.isPublic} ${r.askAlways} ${r.openWhenUnavailable} ${r.prefixWhenTooLarge} ${r.hasTokenGrant}`;
  const numbers = `${r.index} ${r.mode} ${r.score} ${r.deadlineMillis} ${r.maxBody} ${r.grantCount}`;
  return `${text(r.name)} ${numbers} ${flags}`;
}

function describeIssuer(issuer: Issuer, lines: string[]): void {
  const numbers = `${issuer.index} ${issuer.algorithms} ${issuer.clockSkewSeconds}`;
  const names = list([issuer.name, issuer.issuer, issuer.secretEnvironmentName]);
  lines.push(`issuer ${numbers} ${names} ${list(issuer.audiences)}`);
  for (let i = 0; i < issuer.keys.length; i++) {
    const key = issuer.keys[i];
    lines.push(`key ${key.algorithm} ${text(key.kid)} ${hex(key.spki)}`);
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
