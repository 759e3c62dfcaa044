import type { PolicyDocument } from "./document.ts";
import { refuseIdentityHeader } from "./header-name.ts";
import { isTrustDomain, trustDomainOf } from "./spiffe-id.ts";
import { hasGaps, type Partly, type WrittenPolicy } from "./written-policy.ts";

type Identity = NonNullable<Partly<WrittenPolicy>["identity"]>;

export const IDENTITY_HEADERS = {
  subject: "x-postern-subject",
  issuer: "x-postern-issuer",
  workload: "x-postern-workload",
  scopes: "x-postern-scopes",
  apiKey: "x-postern-api-key",
} as const;

/** Reports header names that can't carry identity, or that two kinds of identity share. */
export function checkHeaders(document: PolicyDocument, written: Identity["headers"]): void {
  const names = new Map<string, string>();
  for (const field of Object.keys(IDENTITY_HEADERS) as (keyof typeof IDENTITY_HEADERS)[]) {
    const name = (written?.[field] ?? IDENTITY_HEADERS[field]).toLowerCase();
    const at = ["identity", "headers", field];
    const code = refuseIdentityHeader(name);
    if (code === "header_reserved") document.report(code, at, `${name} means something else`, "a name of its own");
    if (code === "header_name") document.report(code, at, `"${name}" is no header name`, "letters, digits and dashes");
    const other = names.get(name);
    if (other) document.report("header_name", at, `${name} is also the header of ${other}`, "a name of its own");
    names.set(name, field);
  }
}

/** Reports trust domains and forwarders that are none, and workload identities that nothing verifies. */
export function checkWorkloads(document: PolicyDocument, policy: Partly<WrittenPolicy>): void {
  const workloads = policy.identity?.workloads;
  if (!workloads) return;
  const at = ["identity", "workloads"];
  for (const [index, domain] of (workloads.trustDomains ?? []).entries()) {
    if (domain === undefined || isTrustDomain(domain)) continue;
    const message = `"${domain}" is no trust domain name`;
    document.report("trust_domain", [...at, "trustDomains", index], message, "lower-case letters, digits, . - and _");
  }
  for (const [index, id] of (workloads.forwardedFrom ?? []).entries()) {
    if (id !== undefined) checkWorkloadId(document, policy, id, trustDomainOf(id), [...at, "forwardedFrom", index]);
  }
  if (policy.listener?.tls || hasGaps(policy.listener ?? policy)) return;
  const message = "client certificates need a TLS listener";
  document.report("workload_identity", at, message, "`listener.tls` with certificate and key", "key");
}

/** `domain`: the trust domain of `id`, null if it is no SPIFFE id. */
export function checkWorkloadId(
  document: PolicyDocument,
  policy: Partly<WrittenPolicy>,
  id: string,
  domain: string | null,
  at: readonly (string | number)[],
): void {
  if (domain === null) {
    document.report("spiffe_id", at, `"${id}" is no SPIFFE id`, "such as spiffe://edge.demo/ns/shop/sa/web");
    return;
  }
  const accepted = acceptedTrustDomains(policy);
  if (!accepted || accepted.includes(undefined) || accepted.includes(domain)) return;
  document.report("trust_domain", at, `trust domain "${domain}" is not accepted`, `one of ${accepted.join(", ")}`);
}

/** By certificate or by JWT-SVID; null: no workload can prove anything. */
export function acceptedTrustDomains({ identity }: Partly<WrittenPolicy>): (string | undefined)[] | null {
  const issuers = (identity?.issuers ?? []).filter((issuer) => issuer === undefined || "trustDomain" in issuer);
  const ofTokens = issuers.map((issuer) => issuer?.trustDomain);
  const ofCertificates = identity?.workloads?.trustDomains;
  return ofCertificates === undefined && ofTokens.length === 0 ? null : [...(ofCertificates ?? []), ...ofTokens];
}
