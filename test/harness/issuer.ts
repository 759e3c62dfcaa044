import { randomBytes } from "node:crypto";
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** Claims and header members that replace the usual ones; `undefined` leaves one out. */
export interface TokenChanges {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** Of those that take a public key: RFC 7518 section 3.1, RFC 8037 section 3.1. */
export type TestAlgorithm = (typeof PUBLIC_KEY_ALGORITHMS)[number];
export const PUBLIC_KEY_ALGORITHMS = [
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const),
  ...(["ES256", "ES384", "ES512", "EdDSA"] as const),
];

/** A token issuer with one key for each algorithm. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** The public keys. */
  readonly jwks: string;
  readonly secret: string;
  token(algorithm: TestAlgorithm | "HS256", scope: string, changes?: TokenChanges): Promise<string>;
}

export async function makeIssuer(
  issuer: string,
  audience: string,
  algorithms: readonly TestAlgorithm[] = ["RS256", "ES256"],
): Promise<TestIssuer> {
  const pairs = new Map<string, GenerateKeyPairResult>();
  for (const algorithm of algorithms) pairs.set(algorithm, await generateKeyPair(algorithm));
  const secret = randomBytes(48).toString("base64url");
  const keys: JWK[] = [];
  for (const [algorithm, { publicKey }] of pairs) {
    keys.push({ ...(await exportJWK(publicKey)), kid: algorithm.toLowerCase(), alg: algorithm, use: "sig" });
  }
  return {
    issuer,
    audience,
    jwks: JSON.stringify({ keys }),
    secret,
    token: async (algorithm, scope, changes = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: audience, sub: "ada", iat: now, exp: now + (changes.expiresIn ?? 300), scope };
      const kid = algorithm === "HS256" ? {} : { kid: algorithm.toLowerCase() };
      const key = algorithm === "HS256" ? new TextEncoder().encode(secret) : pairs.get(algorithm)?.privateKey;
      if (key === undefined) throw new Error(`the issuer has no ${algorithm} key`);
      return await new SignJWT({ ...usual, ...changes.claims })
        .setProtectedHeader({ alg: algorithm, ...kid, ...changes.header })
        .sign(key);
    },
  };
}
