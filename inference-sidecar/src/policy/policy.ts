import type { PublicKeyAlgorithm, SignatureAlgorithm } from "./algorithms.ts";
import type { RouteThresholds } from "./conformal.ts";

/** Rungs of runtime protection, lowest first. */
export const MODES = ["observe", "detect", "prevent", "adapt"] as const;
export type Mode = (typeof MODES)[number];

/** When the record of a decision is written. */
export type Log = "batched" | "required";

/** How the decision log names the subjects of tokens: by a keyed hash, or by their `sub` as well. */
export type Subjects = "pseudonymised" | "clear";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT" | "TRACE";

/** A policy without gaps: defaults filled in, durations in ms, sizes in bytes, paths absolute, keys and secrets read. */
export interface Policy {
  readonly mode: Mode;
  /** `required`: from `detect` up a request waits until its record is on the disk. */
  readonly log: Log;
  readonly subjects: Subjects;
  /** Null: plain HTTP. PEM files. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  readonly issuers: readonly Issuer[];
  readonly workloads: Workloads;
  readonly apiKeys: ApiKeys;
  readonly dpop: DpopSettings;
  /** Lower case. */
  readonly headers: IdentityHeaders;
  /** Null: identity is given on in plain headers only. */
  readonly assertion: Assertion | null;
  /** Null: tokens are accepted whatever the age of the list of revocations. */
  readonly revocation: Revocation | null;
  /** Null: nobody is limited. */
  readonly limits: Limits | null;
  readonly routes: readonly Route[];
  readonly operators: readonly Operator[];
}

/** Keys for machines that can do no better. */
export interface ApiKeys {
  /** The request header that brings one. Lower case. */
  readonly header: string;
  /** It goes on to the upstream. */
  readonly forward: boolean;
  readonly keys: readonly ApiKey[];
}

export interface ApiKey {
  readonly name: string;
  readonly owner: string;
  /** SHA-256 of the key. */
  readonly digest: Uint8Array;
  /** Unix seconds; null: never. */
  readonly expiresAt: number | null;
}

/** How many failures are taken within a window, and of whom. */
export interface Limits {
  /** Proxies in front whose `x-forwarded-for` is believed. */
  readonly trustedHops: number;
  readonly perAddress: number;
  readonly perSubject: number;
  readonly windowMs: number;
}

export interface Issuer {
  readonly name: string;
  /** The `iss` claim; empty: see `trustDomain`. */
  readonly issuer: string;
  /** Its tokens are JWT-SVIDs of this SPIFFE trust domain; null: they are not. */
  readonly trustDomain: string | null;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly keys: readonly VerificationKey[];
  /** Where its keys come from while the gateway runs; null: they are `keys`. */
  readonly keySource: KeySource | null;
  /** The shared secret of HS256: goes to the filter as an environment variable, never with the compiled policy. */
  readonly secret: { readonly environmentName: string; readonly secret: string } | null;
  readonly clockSkewMs: number;
  /** How its tokens must be bound to their sender; null: they need not be. */
  readonly senderConstrained: SenderConstraint | null;
}

/** A key set that the sidecar fetches. */
export interface KeySource {
  readonly uri: string;
  readonly refreshMs: number;
  /** Of the last fetched set: beyond it none of its tokens is accepted. */
  readonly maxAgeMs: number;
}

export interface Revocation {
  /** A file with revocations; null: there are those of `postern revoke` only. */
  readonly file: string | null;
  /** Of the list: beyond it no token is accepted, except where a route says so. */
  readonly maxAgeMs: number;
}

export type SenderConstraint = "mtls" | "dpop" | "any";

/** Proofs of possession (RFC 9449). */
export interface DpopSettings {
  /** Largest age of a proof. */
  readonly maxAgeMs: number;
  /** A proof needs a nonce of this gate. */
  readonly nonce: boolean;
  /** Such as `https://api.demo`; empty: scheme and host of the request. */
  readonly origins: readonly string[];
}

export interface VerificationKey {
  /** Empty: the key has none. */
  readonly kid: string;
  /** Those that it may be used with. */
  readonly algorithms: readonly PublicKeyAlgorithm[];
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

export interface Workloads {
  readonly trustDomains: readonly string[];
  /** PEM file of the certification authorities; null: no client certificate is asked for. */
  readonly trustBundle: string | null;
  /** SPIFFE ids of peers whose `x-forwarded-client-cert` is believed. */
  readonly forwardedFrom: readonly string[];
}

export interface IdentityHeaders {
  readonly subject: string;
  readonly issuer: string;
  readonly workload: string;
  readonly scopes: string;
  /** Of the name of the API key. */
  readonly apiKey: string;
  /** Claims of the token, each with its header. */
  readonly claims: readonly ClaimHeader[];
}

export interface ClaimHeader {
  readonly claim: string;
  readonly header: string;
}

/** Identity given on as a token (JWT) that the sidecar signs. */
export interface Assertion {
  /** Lower case. */
  readonly header: string;
  /** Its `iss`. */
  readonly issuer: string;
  /** Its `aud`. */
  readonly audience: string;
  readonly lifetimeMs: number;
  /** Claims of the client's token that it repeats. */
  readonly claims: readonly string[];
}

export interface Route {
  readonly name: string;
  readonly owner: string;
  readonly mode: Mode;
  readonly ladder: Ladder;
  /** Empty: any host. Lower case, `*.suffix` for any name below it. */
  readonly hosts: readonly string[];
  readonly methods: readonly Method[];
  readonly path: string;
  readonly public: boolean;
  /** Any of them suffices; empty on a public route. */
  readonly allow: readonly Grant[];
  /** Any of them denies, whatever allows. */
  readonly deny: readonly Grant[];
  /** How a token must be bound to its sender; null: it need not be. */
  readonly senderConstrained: SenderConstraint | null;
  /** What becomes of a valid token while the list of revocations is too old. */
  readonly onStaleRevocation: "closed" | "open";
  readonly stepUp: StepUp;
  /** The upstream gets an assertion of the identity, or no request at all. */
  readonly assertion: boolean;
  /** The upstream checks credentials here: its 401 and 403 are failed logins. */
  readonly login: boolean;
  readonly score: Score;
  readonly evidence: EvidenceKind;
}

/** How far a route may move from its `mode`. */
export interface Ladder {
  readonly floor: Mode;
  readonly ceiling: Mode;
  /** `auto`: it goes up by itself when the evidence allows; `propose`: an operator is asked. */
  readonly promote: "propose" | "auto";
  /** Dates (UTC) with a request that there must be at least before the route goes up. */
  readonly days: number;
  /** Share of the route's requests that may be false: its `falsePositiveBudget`. */
  readonly budget: number;
}

/** Who may review events and move routes. */
export interface Operator {
  readonly name: string;
  /** SHA-256 of the token that proves it, in lower-case hexadecimal. */
  readonly tokenSha256: string;
}

/** Which bytes of requests are kept, encrypted: of denials by the score what carried it, or every request. */
export type EvidenceKind = "none" | "spans" | "values";

/** How the user of a token must have authenticated (RFC 9470). */
export interface StepUp {
  /** One of them is needed; empty: any will do. */
  readonly acr: readonly string[];
  /** All of them are needed. */
  readonly amr: readonly string[];
  /** How long ago at most; null: any time. */
  readonly maxAgeMs: number | null;
  /** Asked of requests with this score or a higher one, millionths; null: of every request. */
  readonly fromMillionths: number | null;
}

/** Everything that is named is required; of `workloads`, `apiKeys`, `networks` and `times` one. */
export interface Grant {
  /** Unique within the route; what records name. */
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** Unix seconds; null: never. */
  readonly expiresAt: number | null;
  /** Index in `Policy.issuers`; null: no token is asked for. */
  readonly issuer: number | null;
  readonly scopes: readonly string[];
  readonly claims: readonly Condition[];
  /** SPIFFE ids, or prefixes that end in `/*`. */
  readonly workloads: readonly string[];
  /** Names of API keys. */
  readonly apiKeys: readonly string[];
  readonly networks: readonly Network[];
  /** Names in lower case. */
  readonly headers: readonly Condition[];
  readonly times: readonly Interval[];
}

/** A claim or header that must fit one of the tests. */
export interface Condition {
  readonly name: string;
  readonly values: readonly ValueTest[];
}

export interface ValueTest {
  readonly kind: ValueKind;
  readonly value: ClaimValue;
}

/** How a value is compared, in the order of the compiled policy. */
export const VALUE_KINDS = ["string", "number", "boolean", "prefix", "atLeast", "above", "atMost", "below"] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

export type ClaimValue = string | number | boolean;

/** An address of 16 bytes, IPv4 as ::ffff:0:0/96, and how many of its bits count. */
export interface Network {
  readonly address: Uint8Array;
  readonly bits: number;
}

/** Minutes of the week from Monday 00:00 UTC, the end not included. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

export type Score = { readonly inspect: "off" } | ({ readonly inspect: "headers" | "full" } & ScoreSettings);

export interface ScoreSettings {
  readonly ask: "unsure" | "always";
  readonly deadlineMs: number;
  readonly onUnavailable: "open" | "closed";
  readonly maxBodyBytes: number;
  readonly onTooLarge: "deny" | "prefix";
  /** By the route's false-positive budget; null: as shipped. */
  readonly thresholds: RouteThresholds | null;
}

export const METHODS: readonly Method[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "TRACE",
];

/** Of a route that names no `falsePositiveBudget`, on the ladder. */
export const DEFAULT_BUDGET = 0.001;
/** Of a route that names no `days`, on the ladder. */
export const DEFAULT_DAYS = 1;

export const DEFAULT_MODE: Mode = "prevent";

export const SCORE_DEFAULTS: ScoreSettings = {
  ask: "unsure",
  deadlineMs: 100,
  onUnavailable: "closed",
  maxBodyBytes: 64 * 1024,
  onTooLarge: "deny",
  thresholds: null,
};
