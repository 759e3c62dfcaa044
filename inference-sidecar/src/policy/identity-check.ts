import type { PolicyDocument } from "./document.ts";
import { isTrustDomain, trustDomainOf } from "./spiffe-id.ts";
import { hasGaps, type Partly, type WrittenPolicy } from "./written-policy.ts";

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
