/** Signature algorithms of JWS (RFC 7518 section 3.1, RFC 8037 section 3.1), in the order of their bits in the compiled policy. */
export const ALGORITHMS = [
  "RS256",
  "ES256",
  "HS256",
  "RS384",
  "RS512",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
] as const;

export type SignatureAlgorithm = (typeof ALGORITHMS)[number];
export type PublicKeyAlgorithm = Exclude<SignatureAlgorithm, "HS256">;

const RSA: readonly PublicKeyAlgorithm[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/** What a key can be for, by its `kty` and, where it has one, its `crv` (RFC 7518 section 6, RFC 8037 section 2). */
const KINDS = new Map<string, readonly PublicKeyAlgorithm[]>([
  ["RSA", RSA],
  ["EC P-256", ["ES256"]],
  ["EC P-384", ["ES384"]],
  ["EC P-521", ["ES512"]],
  ["OKP Ed25519", ["EdDSA"]],
]);

/** Null: no key of that kind can be used. */
export function algorithmsOfKind(kty: unknown, crv: unknown): readonly PublicKeyAlgorithm[] | null {
  return KINDS.get(kty === "RSA" ? "RSA" : `${kty} ${crv}`) ?? null;
}

/** The kind of key that an algorithm needs, in words. */
export function kindOf(algorithm: PublicKeyAlgorithm): string {
  for (const [kind, algorithms] of KINDS) if (algorithms.includes(algorithm)) return kind;
  return "";
}

/** The algorithm by the name that a token or key gives it; `Ed25519` is the newer name of EdDSA (RFC 9864 section 2.2). */
export function algorithmNamed(name: unknown): string {
  return name === "Ed25519" ? "EdDSA" : String(name);
}

export function isPublic(algorithm: SignatureAlgorithm): algorithm is PublicKeyAlgorithm {
  return algorithm !== "HS256";
}

/** As the compiled policy has a set of them. */
export function algorithmBits(algorithms: readonly SignatureAlgorithm[]): number {
  return algorithms.reduce((bits, algorithm) => bits | (1 << ALGORITHMS.indexOf(algorithm)), 0);
}
