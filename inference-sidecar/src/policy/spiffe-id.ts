// SPIFFE-ID specification, sections 2.1 to 2.3.
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
const SCHEME = "spiffe://";

export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/** Trust domain of a SPIFFE id; null: `text` is none. */
export function trustDomainOf(text: string): string | null {
  if (!text.startsWith(SCHEME) || text.length > 2048) return null;
  const [domain = "", ...segments] = text.slice(SCHEME.length).split("/");
  const sound = segments.every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..");
  return sound && isTrustDomain(domain) ? domain : null;
}

/** Trust domain of a SPIFFE id or of a prefix that ends in `/*`. */
export function trustDomainOfPattern(text: string): string | null {
  return trustDomainOf(text.endsWith("/*") ? text.slice(0, -2) : text);
}
