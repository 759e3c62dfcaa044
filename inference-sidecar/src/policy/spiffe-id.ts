// SPIFFE-ID specification, sections 2.1 to 2.3.
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
const SCHEME = "spiffe://";

export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/** Trust domain of a workload's SPIFFE id; null: `text` is none, or has no path and so names no workload. */
export function trustDomainOf(text: string): string | null {
  const id = partsOf(text);
  return id !== null && id.segments.length > 0 ? id.domain : null;
}

/** Trust domain of a workload's SPIFFE id or of a prefix that ends in `/*`. */
export function trustDomainOfPattern(text: string): string | null {
  return text.endsWith("/*") ? (partsOf(text.slice(0, -2))?.domain ?? null) : trustDomainOf(text);
}

function partsOf(text: string): { domain: string; segments: string[] } | null {
  if (!text.startsWith(SCHEME) || text.length > 2048) return null;
  const [domain = "", ...segments] = text.slice(SCHEME.length).split("/");
  const sound = segments.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
  return sound && isTrustDomain(domain) ? { domain, segments } : null;
}
