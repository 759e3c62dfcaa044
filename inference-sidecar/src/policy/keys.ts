import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { Path } from "./document.ts";
import type { SignatureAlgorithm, VerificationKey } from "./policy.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** `path` is within the key set. */
export type ReportKey = (code: ProblemCode, path: Path, message: string, expected: string) => void;

const MAXIMUM_KEYS = 64;
const MAXIMUM_KID = 256;
// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1.
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const ALGORITHM_BY_TYPE = new Map([["RSA", "RS256"] as const, ["EC", "ES256"] as const] as [
  string,
  "RS256" | "ES256",
][]);

/**
 * The keys of a JSON Web Key Set (RFC 7517) that the algorithms can use; those for something else are left out (section 5).
 * Null if something is wrong with the set or a key, which is reported.
 */
export function readKeySet(
  set: unknown,
  algorithms: readonly SignatureAlgorithm[],
  report: ReportKey,
): VerificationKey[] | null {
  const jwks = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(jwks) || jwks.length === 0 || jwks.length > MAXIMUM_KEYS) {
    report("key_set", [], "not a JSON Web Key Set", `{"keys": […]} with 1 to ${MAXIMUM_KEYS} keys (RFC 7517)`);
    return null;
  }
  const kids = new Set<string>();
  const keys: VerificationKey[] = [];
  let sound = true;
  for (const [index, jwk] of jwks.entries()) {
    const refuse: Refuse = (code, message, expected) => {
      sound = false;
      report(code, ["keys", index], `key ${index + 1}: ${message}`, expected);
    };
    const key = readKey(jwk ?? {}, algorithms, refuse);
    if (!key) continue;
    if (key.kid && kids.has(key.kid)) refuse("key_id", `kid "${key.kid}" is not unique`, "a kid of its own");
    kids.add(key.kid);
    keys.push(key);
  }
  return sound ? keys : null;
}

type Refuse = (code: ProblemCode, message: string, expected: string) => void;

/** Null: of no use to the algorithms, or refused. */
function readKey(jwk: JsonWebKey, algorithms: readonly SignatureAlgorithm[], refuse: Refuse): VerificationKey | null {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) {
    refuse("key_private", "it has private or secret parts: take it out of circulation", "public keys only");
    return null;
  }
  if (isForSomethingElse(jwk, algorithms)) return null;
  const problem = findProblem(jwk) ?? findNumbersProblem(jwk);
  if (problem) refuse(...problem);
  const algorithm = ALGORITHM_BY_TYPE.get(String(jwk.kty));
  if (problem || !algorithm) return null;
  const spki = publicKey(jwk).export({ type: "spki", format: "der" });
  return { kid: String(jwk.kid ?? ""), algorithm, spki: new Uint8Array(spki) };
}

/** By RFC 7517 sections 4.2 to 4.4, or by a type that none of the algorithms takes. */
function isForSomethingElse(jwk: JsonWebKey, algorithms: readonly string[]): boolean {
  const { kty, use, alg, key_ops: operations } = jwk;
  if (use !== undefined && use !== "sig") return true;
  if (Array.isArray(operations) && !operations.includes("verify")) return true;
  const algorithm = alg ?? ALGORITHM_BY_TYPE.get(String(kty));
  return algorithm !== undefined && !algorithms.includes(String(algorithm));
}

function findProblem({ kty, crv, alg, kid }: JsonWebKey): Parameters<Refuse> | null {
  const algorithm = ALGORITHM_BY_TYPE.get(String(kty));
  if (!algorithm) return ["key_type", `kty ${JSON.stringify(kty)} is not supported`, "RSA or EC"];
  if (alg !== undefined && alg !== algorithm) return ["key_type", `an ${kty} key with alg ${alg}`, `alg ${algorithm}`];
  if (kty === "EC" && crv !== "P-256") return ["key_type", `curve ${JSON.stringify(crv)} is not supported`, "P-256"];
  if (kid !== undefined && (typeof kid !== "string" || kid.length === 0 || kid.length > MAXIMUM_KID)) {
    return ["key_id", "kid is not usable", `text of 1 to ${MAXIMUM_KID} characters, or none`];
  }
  return null;
}

function findNumbersProblem(jwk: JsonWebKey): Parameters<Refuse> | null {
  try {
    const key = publicKey(jwk);
    return jwk.kty === "RSA" ? findRsaProblem(key) : null;
  } catch {
    return ["key_type", "its numbers are not a key", "a valid public key"];
  }
}

/** FIPS 186-5 section 5.1: the modulus; the exponent odd, above 2^16; Envoy's BoringSSL takes at most 33 bits. */
function findRsaProblem(key: KeyObject): Parameters<Refuse> | null {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < 2048) return ["key_weak", `RSA modulus of ${modulusLength} bits`, "2048 to 8192 bits"];
  if (modulusLength > 8192) return ["key_type", `RSA modulus of ${modulusLength} bits`, "2048 to 8192 bits"];
  if (publicExponent % 2n === 1n && publicExponent > 65536n && publicExponent < 2n ** 32n) return null;
  return ["key_type", `RSA exponent ${publicExponent}`, "an odd one from 65537 to 32 bits"];
}

function publicKey({ kty, n, e, crv, x, y }: JsonWebKey): KeyObject {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return createPublicKey({ key: Object.fromEntries(members), format: "jwk" });
}
