import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** Claims and header members that replace the usual ones; `undefined` leaves one out. */
export interface TokenChanges {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** A token issuer with one key for each algorithm of this version. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** The public keys. */
  readonly jwks: string;
  readonly secret: string;
  token(algorithm: "RS256" | "ES256" | "HS256", scope: string, changes?: TokenChanges): Promise<string>;
}

export async function makeIssuer(issuer: string, audience: string): Promise<TestIssuer> {
  const pairs = { RS256: await generateKeyPair("RS256"), ES256: await generateKeyPair("ES256") };
  const secret = randomBytes(48).toString("base64url");
  const keys: JWK[] = [];
  for (const [algorithm, { publicKey }] of Object.entries(pairs)) {
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
      const key = algorithm === "HS256" ? new TextEncoder().encode(secret) : pairs[algorithm].privateKey;
      return await new SignJWT({ ...usual, ...changes.claims })
        .setProtectedHeader({ alg: algorithm, ...kid, ...changes.header })
        .sign(key);
    },
  };
}
