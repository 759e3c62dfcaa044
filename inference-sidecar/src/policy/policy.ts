/** Rungs of runtime protection, lowest first. */
export type Mode = "observe" | "detect" | "prevent";

/** When the record of a decision is written. */
export type Log = "batched" | "required";

export type SignatureAlgorithm = "RS256" | "ES256" | "HS256";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT" | "TRACE";

/** A policy without gaps: defaults filled in, durations in ms, sizes in bytes, paths absolute, keys and secrets read. */
export interface Policy {
  readonly mode: Mode;
  /** `required`: from `detect` up a request waits until its record is on the disk. */
  readonly log: Log;
  /** Null: plain HTTP. PEM files. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  readonly issuers: readonly Issuer[];
  readonly workloads: Workloads;
  /** Lower case. */
  readonly headers: IdentityHeaders;
  readonly routes: readonly Route[];
}

export interface Issuer {
  readonly name: string;
  /** The `iss` claim. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly keys: readonly VerificationKey[];
  /** The shared secret of HS256: goes to the filter as an environment variable, never with the compiled policy. */
  readonly secret: { readonly environmentName: string; readonly secret: string } | null;
  readonly clockSkewMs: number;
}

export interface VerificationKey {
  /** Empty: the key has none. */
  readonly kid: string;
  readonly algorithm: "RS256" | "ES256";
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
}

export interface Route {
  readonly name: string;
  readonly mode: Mode;
  /** Empty: any host. Lower case, `*.suffix` for any name below it. */
  readonly hosts: readonly string[];
  readonly methods: readonly Method[];
  readonly path: string;
  readonly public: boolean;
  /** Any of them suffices; empty on a public route. */
  readonly allow: readonly Grant[];
  readonly score: Score;
}

/** Everything that is named is required; of `workloads` one. */
export interface Grant {
  /** Index in `Policy.issuers`; null: no token is asked for. */
  readonly issuer: number | null;
  readonly scopes: readonly string[];
  readonly claims: readonly { readonly name: string; readonly values: readonly ClaimValue[] }[];
  /** SPIFFE ids, or prefixes that end in `/*`. */
  readonly workloads: readonly string[];
}

export type ClaimValue = string | number | boolean;

export type Score = { readonly inspect: "off" } | ({ readonly inspect: "headers" | "full" } & ScoreSettings);

export interface ScoreSettings {
  readonly ask: "unsure" | "always";
  readonly deadlineMs: number;
  readonly onUnavailable: "open" | "closed";
  readonly maxBodyBytes: number;
  readonly onTooLarge: "deny" | "prefix";
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

export const SCORE_DEFAULTS: ScoreSettings = {
  ask: "unsure",
  deadlineMs: 100,
  onUnavailable: "closed",
  maxBodyBytes: 64 * 1024,
  onTooLarge: "deny",
};
