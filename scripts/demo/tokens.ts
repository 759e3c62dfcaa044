import { createPrivateKey, type KeyObject } from "node:crypto";
import { base64url, decodeJwt, SignJWT } from "jose";

/** The demo issuers' keys, by algorithm (RFC 7518, section 3.1). */
export interface SigningKeys {
  readonly RS256: KeyObject;
  readonly ES256: KeyObject;
  readonly HS256: string;
}

export interface TokenWish {
  readonly algorithm?: keyof SigningKeys;
  readonly scope?: string;
  readonly audience?: string;
  readonly claims?: Readonly<Record<string, string>>;
  /** From now; negative: expired that long ago. */
  readonly lifetimeSeconds?: number;
}

/** From PEM, PEM and text. */
export function signingKeysFrom(rs256: string, es256: string, secret: string): SigningKeys {
  return { RS256: createPrivateKey(rs256), ES256: createPrivateKey(es256), HS256: secret };
}

/** A signed JWT: RS256 and ES256 by the issuer `demo`, HS256 by `partners`. Lives five minutes unless told otherwise. */
export async function issueToken(keys: SigningKeys, wish: TokenWish): Promise<string> {
  const { algorithm = "RS256", scope, audience = "orders", claims, lifetimeSeconds = 300 } = wish;
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: algorithm, ...(algorithm === "HS256" ? {} : { kid: algorithm.toLowerCase() }) };
  const payload = {
    iss: algorithm === "HS256" ? "https://partners.demo" : "https://issuer.demo",
    sub: "alice",
    aud: audience,
    iat: Math.min(now, now + lifetimeSeconds),
    exp: now + lifetimeSeconds,
    ...claims,
    ...(scope === undefined ? {} : { scope }),
  };
  const key = algorithm === "HS256" ? new TextEncoder().encode(keys.HS256) : keys[algorithm];
  return await new SignJWT(payload).setProtectedHeader(header).sign(key);
}

/** The token with a scope that its signature doesn't cover. */
export function tamper(token: string): string {
  const [header = "", , proof = ""] = token.split(".");
  const claims = { ...decodeJwt(token), scope: "orders:read orders:write" };
  return [header, base64url.encode(JSON.stringify(claims)), proof].join(".");
}
