import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Policy } from "../../../inference-sidecar/src/policy/policy.ts";

export const SECRET_NAME = "POSTERN_HS256_SHARED";
export const SECRET = Buffer.from("0123456789abcdef0123456789abcdef");
export const ISSUER = "https://issuer.test";
export const SHARED_ISSUER = "https://shared.test";
export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** Keys that no policy knows. */
export const foreignRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Seconds; agrees with the clock that a `Gate` starts with. */
export const NOW = 1_800_000_000;

const spki = (key: KeyObject): Buffer => key.export({ format: "der", type: "spki" });

/** An issuer with an RSA and an EC key and one with a shared secret; 30 s of skew; workloads of `edge.test`. */
export const POLICY: Policy = {
  mode: "prevent",
  log: "batched",
  subjects: "pseudonymised",
  tls: null,
  issuers: [
    {
      name: "main",
      issuer: ISSUER,
      audiences: ["orders", "invoices"],
      algorithms: ["RS256", "ES256"],
      keys: [
        { kid: "rsa-1", algorithms: ["RS256"], spki: spki(rsa.publicKey) },
        { kid: "ec-1", algorithms: ["ES256"], spki: spki(ec.publicKey) },
      ],
      secret: null,
      clockSkewMs: 30_000,
      trustDomain: null,
      keySource: null,
      senderConstrained: null,
    },
    {
      name: "shared",
      issuer: SHARED_ISSUER,
      audiences: ["orders"],
      algorithms: ["HS256"],
      keys: [],
      secret: { environmentName: SECRET_NAME, secret: SECRET.toString() },
      clockSkewMs: 0,
      trustDomain: null,
      keySource: null,
      senderConstrained: null,
    },
  ],
  workloads: {
    trustDomains: ["edge.test", "mesh.test"],
    trustBundle: null,
    forwardedFrom: ["spiffe://edge.test/ns/edge/sa/ingress"],
  },
  apiKeys: { header: "x-api-key", forward: false, keys: [] },
  dpop: { maxAgeMs: 60_000, nonce: false, origins: [] },
  revocation: null,
  assertion: null,
  headers: {
    subject: "x-postern-subject",
    issuer: "x-postern-issuer",
    workload: "x-postern-workload",
    scopes: "x-postern-scopes",
    apiKey: "x-postern-api-key",
    claims: [],
  },
  operators: [],
  limits: null,
  routes: [],
};

/** Claims that the issuer `main` is believed now. */
export const CLAIMS = { iss: ISSUER, aud: "orders", sub: "alice", exp: NOW + 300 };

type Json = Record<string, unknown> | string | Uint8Array;

const SIGNERS: Record<string, (text: string) => Buffer> = {
  RS256: (text) => sign("sha256", Buffer.from(text), rsa.privateKey),
  ES256: (text) => sign("sha256", Buffer.from(text), { key: ec.privateKey, dsaEncoding: "ieee-p1363" }),
  HS256: (text) => createHmac("sha256", SECRET).update(text).digest(),
};

/** A token with header and payload as they are given (an object, or its very bytes), signed as `by` signs. */
export function mint(header: Json, payload: Json, by: string | ((text: string) => Buffer) = "RS256"): string {
  const text = `${encode(header)}.${encode(payload)}`;
  const signer = typeof by === "string" ? SIGNERS[by] : by;
  if (signer === undefined) throw new Error(`no signer ${by}`);
  return `${text}.${signer(text).toString("base64url")}`;
}

/** A token of the issuer `main` that is right in everything but for what is given. */
export function token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
  return mint({ alg: "RS256", kid: "rsa-1", ...header }, { ...CLAIMS, ...claims });
}

function encode(part: Json): string {
  const bytes = typeof part === "string" || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString("base64url");
}
