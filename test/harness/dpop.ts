import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** Members that replace the usual ones of a proof; `undefined` leaves one out. */
export interface ProofChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

/** A client with a key of its own (RFC 9449). */
export interface DpopClient {
  /** What a token that is bound to this client has as `cnf.jkt`. */
  readonly thumbprint: string;
  readonly jwk: JWK;
  /** `now`: Unix seconds; default the clock. */
  proof(method: string, url: string, token: string, changes?: ProofChanges, now?: number): Promise<string>;
}

export async function makeDpopClient(algorithm: "ES256" | "RS256" = "ES256"): Promise<DpopClient> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    jwk,
    proof: (method, url, token, changes = {}, now = Math.floor(Date.now() / 1000)) => {
      const ath = createHash("sha256").update(token).digest("base64url");
      const usual = { htm: method, htu: url, iat: now, jti: randomUUID(), ath };
      return new SignJWT({ ...usual, ...changes.claims })
        .setProtectedHeader({ alg: algorithm, typ: "dpop+jwt", jwk, ...changes.header })
        .sign(privateKey);
    },
  };
}
