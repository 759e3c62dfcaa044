import type { SignatureAlgorithm } from "./algorithms.ts";
import type { ClaimValue, EvidenceKind, Log, Method, Mode, SenderConstraint, Subjects } from "./policy.ts";

/** A policy as `policy.schema.json` describes it: what is written, nothing filled in. */
export interface WrittenPolicy {
  mode?: Mode;
  log?: Log;
  subjects?: Subjects;
  listener?: { tls?: { certificate: FileReference; key: FileReference } };
  identity?: {
    issuers?: WrittenIssuer[];
    workloads?: { trustDomains: string[]; trustBundle: FileReference; forwardedFrom?: string[] };
    dpop?: { maxAge?: string; nonce?: boolean; origins?: string[] };
    apiKeys?: { header?: string; forward?: boolean; keys: WrittenApiKey[] };
    headers?: WrittenHeaders;
    assertion?: WrittenAssertion;
  };
  revocation?: { file?: string; maxAge?: string };
  limits?: { trustedHops?: number; perAddress?: number; perSubject?: number; window?: string };
  routes: WrittenRoute[];
  operators?: { name: string; tokenSha256: string }[];
}

/** Names of headers; of `claims` by claim. */
export interface WrittenHeaders {
  subject?: string;
  issuer?: string;
  workload?: string;
  scopes?: string;
  apiKey?: string;
  claims?: Record<string, string>;
}

export interface WrittenAssertion {
  header?: string;
  issuer: string;
  audience: string;
  lifetime?: string;
  claims?: string[];
}

export interface FileReference {
  file: string;
}

export interface WrittenApiKey {
  name: string;
  sha256: string;
  expires?: string;
  owner?: string;
}

export interface WrittenIssuer {
  name: string;
  issuer?: string;
  trustDomain?: string;
  audiences: string[];
  algorithms: SignatureAlgorithm[];
  jwks?: { file?: string; inline?: object; uri?: string; refresh?: string; maxAge?: string };
  secret?: FileReference;
  clockSkew?: string;
  senderConstrained?: SenderConstraint;
}

export interface WrittenRoute {
  name: string;
  owner?: string;
  match: { hosts?: string[]; methods?: Method[]; path: string };
  public?: boolean;
  mode?: Mode;
  ladder?: { floor?: Mode; ceiling?: Mode; promote?: "propose" | "auto"; days?: number };
  allow?: WrittenGrant[];
  deny?: WrittenGrant[];
  senderConstrained?: SenderConstraint;
  onStaleRevocation?: "closed" | "open";
  stepUp?: { acr?: string[]; amr?: string[]; maxAge?: string; fromScore?: string };
  assertion?: boolean;
  login?: boolean;
  score?: "off" | "headers" | WrittenScore;
  evidence?: EvidenceKind;
}

export interface WrittenGrant {
  id?: string;
  owner?: string;
  reason?: string;
  expires?: string;
  issuer?: string;
  scopes?: string[];
  claims?: Record<string, WrittenTest<ClaimValue>>;
  workloads?: string[];
  apiKeys?: string[];
  networks?: string[];
  headers?: Record<string, WrittenTest<string>>;
  times?: WrittenTime[];
}

/** A value, a list of which one must be equal, a beginning, or bounds. */
export type WrittenTest<T> = T | T[] | { prefix: string } | WrittenBounds;

export interface WrittenBounds {
  atLeast?: number;
  above?: number;
  atMost?: number;
  below?: number;
}

export interface WrittenTime {
  days?: Day[];
  from?: string;
  to?: string;
  offset?: string;
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface WrittenScore {
  ask?: "unsure" | "always";
  deadline?: string;
  onUnavailable?: "open" | "closed";
  maxBody?: string;
  onTooLarge?: "deny" | "prefix";
  falsePositiveBudget?: string;
}

/** The same with gaps where the schema found something wrong, so that everything else can still be checked. */
export type Partly<T> = T extends (infer Item)[]
  ? (Partly<Item> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> | undefined }
    : T;

/** Whether the schema refused some field: what seems to be missing may only be misspelt. */
export function hasGaps(container: object): boolean {
  return Object.values(container).includes(undefined);
}

/** Puts gaps at `unusable`; changes `data`. */
export function withGaps(data: unknown, unusable: readonly (readonly (string | number)[])[]): Partly<WrittenPolicy> {
  for (const path of unusable) {
    let container = data as Record<string | number, unknown> | undefined | null;
    for (const step of path.slice(0, -1)) container = container?.[step] as typeof container;
    const last = path.at(-1);
    if (last === undefined) return {};
    if (typeof container === "object" && container !== null) container[last] = undefined;
  }
  return (data ?? {}) as Partly<WrittenPolicy>;
}
