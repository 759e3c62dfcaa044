import type { Issuer, Policy } from "./policy.ts";

/** What the sidecar is told of the policy in force: all of it but keys and secrets. */
export interface PolicyInForce {
  /** Version of the gateway that wrote it; absent: of a release that did not say it yet. */
  readonly protocol?: number;
  /** Hexadecimal SHA-256 of the compiled policy. */
  readonly digest: string;
  readonly policy: Omit<Policy, "issuers"> & { readonly issuers: readonly ToldIssuer[] };
}

export type ToldIssuer = Omit<Issuer, "keys" | "secret"> & {
  /** Of its keys, where the policy gives them; absent: of a release that did not say them yet. */
  readonly kids?: readonly string[];
};
