import { isPublic, kindOf } from "./algorithms.ts";
import type { Path, PolicyDocument } from "./document.ts";
import type { IssuerMaterial } from "./key-files.ts";
import { checkKeySource } from "./key-source-check.ts";
import { isTrustDomain } from "./spiffe-id.ts";
import { parseDuration } from "./units.ts";
import { hasGaps, type Partly, type WrittenIssuer } from "./written-policy.ts";

const MAXIMUM_SKEW_MS = 300_000;

/** Environment variable in which the filter finds an issuer's HS256 secret. */
export function secretEnvironmentName(issuer: string): string {
  return `POSTERN_HS256_${issuer.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

/** Reports what no single field of an issuer shows. `materials`: what was read for each issuer. */
export function checkIssuers(
  document: PolicyDocument,
  issuers: readonly (Partly<WrittenIssuer> | undefined)[],
  materials: readonly IssuerMaterial[],
): void {
  const names = new Map<string, number>();
  const values = new Map<string, number>();
  const domains = new Map<string, number>();
  const variables = new Map<string, number>();
  for (const [index, issuer] of issuers.entries()) {
    if (!issuer) continue;
    const at = ["identity", "issuers", index];
    const unique = (seen: Map<string, number>, value: string | undefined, field: string, what: string) => {
      const first = value === undefined ? undefined : seen.get(value);
      if (value !== undefined && first === undefined) seen.set(value, index);
      if (first === undefined) return;
      const message = `${what} "${value}" is also that of issuer ${first + 1}`;
      document.report("duplicate_issuer", [...at, field], message, "one of its own");
    };
    const repeated = issuer.name !== undefined && names.has(issuer.name);
    unique(names, issuer.name, "name", "name");
    unique(values, issuer.issuer, "issuer", "`iss` value");
    unique(domains, issuer.trustDomain, "trustDomain", "trust domain");
    checkWho(document, issuer, at);
    checkKeySource(document, issuer.jwks, [...at, "jwks"]);
    if (issuer.secret && issuer.name && !repeated) {
      unique(variables, secretEnvironmentName(issuer.name), "name", "secret variable");
    }
    checkKeys(document, issuer, materials[index], at);
    checkSkew(document, issuer.clockSkew, [...at, "clockSkew"]);
  }
}

function checkKeys(
  document: PolicyDocument,
  issuer: Partly<WrittenIssuer>,
  material: IssuerMaterial | undefined,
  at: Path,
): void {
  const { algorithms, jwks, secret } = issuer;
  if (!algorithms || algorithms.includes(undefined)) return;
  const signed = algorithms.filter((algorithm) => algorithm !== undefined && isPublic(algorithm));
  for (const [index, algorithm] of algorithms.entries()) {
    const place = [...at, "algorithms", index];
    if (algorithm === undefined) continue;
    if (!isPublic(algorithm)) {
      if (!("secret" in issuer)) document.report("key_missing", place, "HS256 has no secret", "`secret: { file: … }`");
      continue;
    }
    // What is wrong with a key set that is there was reported as such.
    const refused = "jwks" in issuer && !material?.keys;
    if (refused || material?.keys?.some((key) => key.algorithms.includes(algorithm))) continue;
    document.report(
      "key_missing",
      place,
      `${algorithm} has no key`,
      `a key (${kindOf(algorithm)}) for signatures in \`jwks\``,
    );
  }
  if (jwks && signed.length === 0) {
    document.report("key_unused", [...at, "jwks"], "no algorithm uses this key set", "RS256, ES256 or the like", "key");
  }
  if (secret && !algorithms.includes("HS256")) {
    document.report("key_unused", [...at, "secret"], "no algorithm uses this secret", "HS256 in `algorithms`", "key");
  }
}

/** Tokens are of an issuer by their `iss` or by their trust domain. */
function checkWho(document: PolicyDocument, issuer: Partly<WrittenIssuer>, at: Path): void {
  const { trustDomain } = issuer;
  if (trustDomain !== undefined && !isTrustDomain(trustDomain)) {
    const message = `"${trustDomain}" is no trust domain name`;
    document.report("trust_domain", [...at, "trustDomain"], message, "lower-case letters, digits, . - and _");
  }
  if (hasGaps(issuer) || "issuer" in issuer !== "trustDomain" in issuer) return;
  if (!("issuer" in issuer))
    document.report("missing_field", at, 'field "issuer" is missing', "`issuer`, or `trustDomain`");
  else document.report("wrong_value", [...at, "trustDomain"], "it has an `issuer` as well", "one of the two", "key");
}

function checkSkew(document: PolicyDocument, text: string | undefined, at: Path): void {
  if (text === undefined) return;
  const skew = parseDuration(text);
  if (skew !== null && skew <= MAXIMUM_SKEW_MS && skew % 1000 === 0) return;
  document.report("out_of_range", at, `clock skew ${text}`, "whole seconds, 0s to 5m");
}
