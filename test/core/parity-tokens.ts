import { base64url } from "jose";
import { makeIssuer, type TestIssuer, type TokenChanges } from "../harness/issuer.ts";
import type { Random } from "../harness/random.ts";

export interface ParityIssuers {
  readonly shop: TestIssuer;
  readonly partner: TestIssuer;
}

export async function makeIssuers(): Promise<ParityIssuers> {
  return {
    shop: await makeIssuer("https://issuer.shop.example", "orders"),
    partner: await makeIssuer("https://partner.example", "stock"),
  };
}

/** Good tokens, each kind of bad one, and a way to damage either. The keys are new in each run. */
export async function makeTokens({ shop, partner }: ParityIssuers) {
  const foreign = await makeIssuer(shop.issuer, shop.audience);
  const now = Math.floor(Date.now() / 1000);
  const hour = { expiresIn: 3600 };
  const changed = (changes: TokenChanges) => shop.token("ES256", "orders:read", { ...hour, ...changes });
  const good: string[] = [];
  for (const algorithm of ["RS256", "ES256", "HS256"] as const) {
    for (const scope of ["orders:read", "orders:read profile", "admin orders:read", "profile", ""])
      good.push(await shop.token(algorithm, scope, hour));
  }
  for (const tier of ["gold", "silver", 7, [1, "gold"], null])
    good.push(await partner.token("ES256", "", { ...hour, claims: { tier } }));
  const [rs256 = "", es256 = "", hs256 = ""] = [good[0], good[5], good[10]];
  const withHeader = (header: object, token: string) =>
    `${base64url.encode(JSON.stringify(header))}.${token.split(".").slice(1).join(".")}`;
  const withSignature = (token: string, signature: Uint8Array) =>
    `${token.slice(0, token.lastIndexOf("."))}.${base64url.encode(signature)}`;
  const bad = [
    await changed({ expiresIn: -3600 }),
    await changed({ claims: { nbf: now + 7200 } }),
    await changed({ claims: { iat: now + 7200 } }),
    await changed({ claims: { aud: ["elsewhere", "stock"] } }),
    await changed({ claims: { aud: undefined } as never }),
    await changed({ claims: { iss: "https://elsewhere.example" } }),
    await changed({ claims: { exp: undefined } as never }),
    await changed({ header: { kid: "unknown" } }),
    await changed({ header: { kid: "rs256" } }),
    await changed({ header: { jku: "https://evil.example/jwks" } }),
    await changed({ claims: { sub: "a\u0000b" } }),
    await changed({ claims: { scope: 5 } as never }),
    await foreign.token("RS256", "orders:read", hour),
    await foreign.token("ES256", "orders:read", hour),
    await foreign.token("HS256", "orders:read", hour),
    await partner.token("RS256", "", hour),
    withHeader({ alg: "none" }, rs256),
    withHeader({ alg: "HS256" }, rs256),
    withHeader({ alg: "PS256", kid: "rs256" }, rs256),
    withHeader({ alg: "RS256", kid: "rs256", crit: ["b64"], b64: true }, rs256),
    withHeader({ alg: "RS256", kid: "rs256", jwk: { kty: "RSA" } }, rs256),
    withSignature(rs256, new Uint8Array(256)),
    withSignature(rs256, new Uint8Array(256).fill(255)),
    withSignature(es256, new Uint8Array(64)),
    withSignature(es256, new Uint8Array(64).fill(255)),
    withSignature(es256, new Uint8Array(63).fill(1)),
    withSignature(hs256, new Uint8Array(0)),
    `${rs256}.`,
    rs256.split(".").slice(0, 2).join("."),
    `${"a".repeat(9000)}.b.c`,
    "..",
    "",
  ];
  return {
    good: (random: Random) => random.pick(good),
    bad: (random: Random) => random.pick(bad),
    damaged: (random: Random) => damage(random, random.pick(good)),
  };
}

/** One character another, one left out, or the end cut off. */
function damage(random: Random, token: string): string {
  const at = random.below(token.length);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
  const rest = token.slice(at + 1);
  return random.pick([
    () => token.slice(0, at) + random.pick([...alphabet]) + rest,
    () => token.slice(0, at) + rest,
    () => token.slice(0, at),
  ])();
}
