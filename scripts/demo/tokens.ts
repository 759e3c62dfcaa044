import { createHmac, createPrivateKey, type KeyObject, sign } from "node:crypto";

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
export function issueToken(keys: SigningKeys, wish: TokenWish): string {
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
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${signature(keys, algorithm, text)}`;
}

/** The token with a scope that its signature doesn't cover. */
export function tamper(token: string): string {
  const [header = "", payload = "", proof = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  return [header, encode({ ...claims, scope: "orders:read orders:write" }), proof].join(".");
}

function signature(keys: SigningKeys, algorithm: keyof SigningKeys, text: string): string {
  if (algorithm === "HS256") return createHmac("sha256", keys.HS256).update(text).digest("base64url");
  // RFC 7518, section 3.4: ES256 signatures are r and s, not DER.
  const key = { key: keys[algorithm], dsaEncoding: "ieee-p1363" as const };
  return sign("sha256", Buffer.from(text), key).toString("base64url");
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
