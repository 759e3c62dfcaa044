import { algorithmBits } from "./algorithms.ts";
import {
  CEILING_SHIFT,
  CONSTRAINT_SHIFT,
  EVIDENCE_SHIFT,
  FLOOR_SHIFT,
  HEAD_WORDS,
  MAXIMUM_BLOB_BYTES,
  NONE,
  ROUTE_FLAGS,
  SCORE_SHIFT,
} from "./blob-layout.ts";
import { BlobWriter, type Run } from "./blob-writer.ts";
import { parsePathPattern } from "./path-pattern.ts";
import {
  type Condition,
  type Grant,
  type Issuer,
  type Limits,
  MODES,
  type Network,
  type Policy,
  type Route,
  SCORE_DEFAULTS,
  type SenderConstraint,
  VALUE_KINDS,
} from "./policy.ts";
import { methodBits, RouteTree } from "./route-tree.ts";
import { writeTree } from "./tree-writer.ts";

export interface CompiledPolicy {
  readonly blob: Uint8Array;
  /** SHA-256, 32 bytes: names the policy in records and on the wire to the sidecar. */
  readonly digest: Uint8Array;
}

/** More than the filter takes. */
export class CompiledSizeError extends RangeError {
  constructor(bytes: number) {
    super(`the compiled policy has ${bytes} bytes, at most ${MAXIMUM_BLOB_BYTES}`);
  }
}

export const MAXIMUM_VISITS = 4096;

const CONSTRAINT_BITS = { mtls: 1, dpop: 2, any: 3 } as const;
const LOGS = ["batched", "required"] as const;
const EVIDENCE = ["none", "spans", "values"] as const;
const INSPECTIONS = ["off", "headers", "full"] as const;

const NO_LIMITS: Limits = { trustedHops: 0, perAddress: 0, perSubject: 0, windowMs: 0 };

/** The policy as the filter takes it. Pure; the same policy always gives the same bytes. @throws CompiledSizeError */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const writer = new BlobWriter();
  const { headers, workloads } = policy;
  const head = [
    MODES.indexOf(policy.mode),
    ...[headers.subject, headers.issuer, headers.workload, headers.scopes].map((name) => writer.string(name)),
    ...writer.list(workloads.trustDomains),
    ...writer.list(workloads.forwardedFrom),
  ];
  for (const issuer of policy.issuers) writeIssuer(writer, issuer, policy);
  for (const { name, digest, expiresAt } of policy.apiKeys.keys) {
    writer.add("apiKeys", writer.string(name), writer.string(digest), expiresAt ?? NONE);
  }
  for (const route of policy.routes) writeRoute(writer, route);
  const { maxAgeMs, nonce, origins } = policy.dpop;
  head.push(writeTree(writer, routeTree(policy.routes)), LOGS.indexOf(policy.log));
  head.push(maxAgeMs / 1000, nonce ? 1 : 0, ...writer.list(origins));
  const { header, forward } = policy.apiKeys;
  head.push(writer.string(header), forward ? 1 : 0, writer.string(headers.apiKey));
  const { trustedHops, perAddress, perSubject, windowMs } = policy.limits ?? NO_LIMITS;
  head.push(trustedHops, perAddress, perSubject, windowMs / 1000);
  head.push(...writer.list(headers.claims.flatMap(({ claim, header }) => [claim, header])));
  const { assertion } = policy;
  head.push(...[assertion?.header, assertion?.issuer, assertion?.audience].map((text) => writer.string(text ?? "")));
  head.push((assertion?.lifetimeMs ?? 0) / 1000, ...writer.list(assertion?.claims ?? []));
  if (head.length !== HEAD_WORDS - 1) throw new Error("head of the compiled policy has the wrong size");
  const compiled = writer.finish(head);
  if (compiled.blob.length > MAXIMUM_BLOB_BYTES) throw new CompiledSizeError(compiled.blob.length);
  return compiled;
}

/** Routes by host and path, as they are matched. */
export function routeTree(routes: readonly Pick<Route, "hosts" | "methods" | "path">[]): RouteTree {
  const tree = new RouteTree();
  for (const [index, route] of routes.entries()) {
    const pattern = parsePathPattern(route.path);
    if ("message" in pattern) throw new TypeError(pattern.message);
    tree.add(index, route.hosts, methodBits(route.methods), pattern);
  }
  return tree;
}

function writeIssuer(writer: BlobWriter, issuer: Issuer, policy: Policy): void {
  const audiences = writer.list(issuer.audiences);
  const keys: Run = [writer.count("keys"), issuer.keys.length];
  for (const key of issuer.keys) {
    writer.add("keys", writer.string(key.kid), algorithmBits(key.algorithms), writer.string(key.spki));
  }
  writer.add(
    "issuers",
    writer.string(issuer.name),
    writer.string(issuer.issuer),
    ...audiences,
    algorithmBits(issuer.algorithms),
    ...keys,
    writer.string(issuer.secret?.environmentName ?? ""),
    issuer.clockSkewMs / 1000,
    constraintBits(issuer.senderConstrained),
    writer.string(issuer.trustDomain ?? ""),
    (issuer.keySource?.maxAgeMs ?? 0) / 1000,
    (policy.revocation?.maxAgeMs ?? 0) / 1000,
    writer.string(issuer.keySource?.uri ?? ""),
  );
}

function writeRoute(writer: BlobWriter, route: Route): void {
  const settings = route.score.inspect === "off" ? SCORE_DEFAULTS : route.score;
  const allow = grantRun(writer, route.allow);
  const deny = grantRun(writer, route.deny);
  const flags =
    MODES.indexOf(route.mode) |
    (INSPECTIONS.indexOf(route.score.inspect) << SCORE_SHIFT) |
    (route.public ? ROUTE_FLAGS.public : 0) |
    (settings.ask === "always" ? ROUTE_FLAGS.askAlways : 0) |
    (settings.onUnavailable === "open" ? ROUTE_FLAGS.open : 0) |
    (settings.onTooLarge === "prefix" ? ROUTE_FLAGS.prefix : 0) |
    (route.onStaleRevocation === "open" ? ROUTE_FLAGS.staleOpen : 0) |
    (route.allow.some((grant) => grant.issuer !== null) ? ROUTE_FLAGS.tokenGrant : 0) |
    (route.allow.some((grant) => grant.apiKeys.length > 0) ? ROUTE_FLAGS.keyGrant : 0) |
    (route.login ? ROUTE_FLAGS.login : 0) |
    (route.assertion ? ROUTE_FLAGS.assertion : 0) |
    (constraintBits(route.senderConstrained) << CONSTRAINT_SHIFT) |
    (MODES.indexOf(route.ladder.floor) << FLOOR_SHIFT) |
    (MODES.indexOf(route.ladder.ceiling) << CEILING_SHIFT) |
    (EVIDENCE.indexOf(route.evidence) << EVIDENCE_SHIFT);
  const name = writer.string(route.name);
  writer.add(
    "routes",
    name,
    flags,
    methodBits(route.methods),
    settings.deadlineMs,
    settings.maxBodyBytes,
    ...allow,
    ...deny,
    ...writer.list(route.stepUp.acr),
    ...writer.list(route.stepUp.amr),
    route.stepUp.maxAgeMs === null ? NONE : route.stepUp.maxAgeMs / 1000,
    settings.thresholds?.denyAlone ?? NONE,
    settings.thresholds?.modelDeny ?? NONE,
    route.stepUp.fromMillionths ?? NONE,
  );
}

function constraintBits(constraint: SenderConstraint | null): number {
  return constraint === null ? 0 : CONSTRAINT_BITS[constraint];
}

function grantRun(writer: BlobWriter, grants: readonly Grant[]): Run {
  const records = grants.map((grant) => grantRecord(writer, grant));
  const start = writer.count("grants");
  for (const record of records) writer.add("grants", ...record);
  return [start, records.length];
}

function grantRecord(writer: BlobWriter, grant: Grant): number[] {
  return [
    grant.issuer ?? NONE,
    ...writer.list(grant.scopes),
    ...conditionRun(writer, grant.claims),
    ...writer.list(grant.workloads),
    writer.string(grant.id),
    grant.expiresAt ?? NONE,
    ...networkRun(writer, grant.networks),
    ...conditionRun(writer, grant.headers),
    ...timeRun(writer, grant.times),
    ...writer.list(grant.apiKeys),
  ];
}

function conditionRun(writer: BlobWriter, conditions: readonly Condition[]): Run {
  const records = conditions.map(({ name, values }) => [writer.string(name), ...valueRun(writer, values)]);
  const start = writer.count("claims");
  for (const record of records) writer.add("claims", ...record);
  return [start, records.length];
}

function valueRun(writer: BlobWriter, values: Condition["values"]): Run {
  const start = writer.count("claimValues");
  for (const { kind, value } of values) {
    writer.add("claimValues", VALUE_KINDS.indexOf(kind), writer.string(String(value)));
  }
  return [start, values.length];
}

function networkRun(writer: BlobWriter, networks: readonly Network[]): Run {
  const start = writer.count("networks");
  for (const { address, bits } of networks) {
    const words = [0, 4, 8, 12].map((offset) => Buffer.from(address).readUInt32BE(offset));
    writer.add("networks", ...words, bits);
  }
  return [start, networks.length];
}

function timeRun(writer: BlobWriter, times: Grant["times"]): Run {
  const start = writer.count("times");
  for (const time of times) writer.add("times", time.start, time.end);
  return [start, times.length];
}
