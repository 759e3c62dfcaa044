import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import type { Issuer, Policy, VerificationKey } from "../../inference-sidecar/src/policy/policy.ts";
import type { WrittenToken } from "./cases.ts";

const ALGORITHMS = ["ES256", "RS256", "HS256"] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const LIFETIME_SECONDS = 300;
const encoder = new TextEncoder();

/**
 * Throw-away keys in the place of every issuer's, so that tokens can be signed that the very same filter verifies. Each issuer
 * has its own: one can't speak for another.
 */
export class StandIn {
  readonly #secret = randomBytes(48).toString("base64url");
  /** By issuer and algorithm. */
  readonly #pairs = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>();

  /** The policy with these keys. An issuer whose algorithms only a running gateway verifies takes ES256 as well. */
  policy(policy: Policy): Policy {
    return { ...policy, issuers: policy.issuers.map((issuer) => this.#issuer(issuer)) };
  }

  /** The policy in which each API key has a stand-in besides. */
  withApiKeys(policy: Policy): Policy {
    const { keys } = policy.apiKeys;
    const added = keys.map((key) => ({ ...key, digest: sha256(this.apiKey(key.name)) }));
    return { ...policy, apiKeys: { ...policy.apiKeys, keys: [...keys, ...added] } };
  }

  /** What stands in for the API key of this name. */
  apiKey(name: string): string {
    return sha256(`${this.#secret} ${name}`).toString("hex");
  }

  /** A token for the policy's issuer, issued at that time (Unix milliseconds). */
  async token(written: WrittenToken, policy: Policy, atMillis: number): Promise<string> {
    const issuer = policy.issuers.find(({ name }) => name === written.issuer) as Issuer;
    const algorithm = written.algorithm ?? usableAlgorithm(issuer);
    const now = Math.floor(atMillis / 1000);
    const claims = {
      iss: issuer.issuer || null,
      aud: written.audience ?? issuer.audiences[0],
      sub: written.sub ?? (issuer.trustDomain === null ? "tester" : `spiffe://${issuer.trustDomain}/tester`),
      iat: now,
      exp: now + LIFETIME_SECONDS,
      ...(written.scopes && { scope: written.scopes.join(" ") }),
      ...(written.boundTo && { cnf: { "x5t#S256": certificateDigest(written.boundTo).toString("base64url") } }),
      ...written.claims,
    };
    const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
    const key =
      algorithm === "HS256" ? encoder.encode(this.#secretOf(issuer)) : this.#pair(issuer, algorithm).privateKey;
    return new SignJWT(kept).setProtectedHeader({ alg: algorithm, typ: "JWT" }).sign(key);
  }

  #issuer(issuer: Issuer): Issuer {
    const added = usableAlgorithm(issuer);
    const algorithms = issuer.algorithms.includes(added) ? issuer.algorithms : [...issuer.algorithms, added];
    const keys = (["ES256", "RS256"] as const)
      .filter((one) => algorithms.includes(one))
      .map((one) => this.#key(issuer, one));
    return {
      ...issuer,
      algorithms,
      keys,
      keySource: null,
      secret: issuer.secret && { ...issuer.secret, secret: this.#secretOf(issuer) },
    };
  }

  #secretOf({ name }: Issuer): string {
    return sha256(`${this.#secret} issuer ${name}`).toString("base64url");
  }

  #key(issuer: Issuer, algorithm: "ES256" | "RS256"): VerificationKey {
    const spki = this.#pair(issuer, algorithm).publicKey.export({ type: "spki", format: "der" });
    return { kid: "", algorithms: [algorithm], spki };
  }

  #pair({ name }: Issuer, algorithm: "ES256" | "RS256") {
    const key = `${algorithm} ${name}`;
    const made =
      this.#pairs.get(key) ??
      (algorithm === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 }));
    this.#pairs.set(key, made);
    return made;
  }
}

/** In the place of the SHA-256 of the certificate that has this URI. */
export function certificateDigest(uri: string): Buffer {
  return sha256(uri);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function usableAlgorithm({ algorithms }: Issuer): Algorithm {
  return ALGORITHMS.find((algorithm) => algorithms.includes(algorithm)) ?? "ES256";
}
