import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { algorithmNamed, algorithmsOfKind, type PublicKeyAlgorithm, type SignatureAlgorithm } from "./algorithms.ts";
import type { Path } from "./document.ts";
import type { VerificationKey } from "./policy.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** `path` is within the key set. */
export type ReportKey = (code: ProblemCode, path: Path, message: string, expected: string) => void;

const MAXIMUM_KEYS = 64;
const MAXIMUM_KID = 256;
// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1.
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
// Points of small order (RFC 8032 section 5.1.7): a signature that is good for such a key can be made by anyone.
const SMALL_ORDER = new Set(
  [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ].map((point) => Buffer.from(point, "hex").toString("latin1")),
);

/** What keys of tokens may say that they are for; a key that says nothing is for anything. */
const SIGNATURES = ["sig"];
/** And those of JWT-SVIDs (SPIFFE Trust Domain and Bundle, section 4.2.2). */
const SVIDS = ["sig", "jwt-svid"];

/** What keys are read for. */
export interface KeyUse {
  readonly algorithms: readonly SignatureAlgorithm[];
  /** The tokens are JWT-SVIDs. */
  readonly svids: boolean;
}

/** As `usableKeys`. Null if something is wrong with the set or a key, which is reported. */
export function readKeySet(set: unknown, use: KeyUse, report: ReportKey): VerificationKey[] | null {
  let sound = true;
  const keys = usableKeys(set, use, (...problem) => {
    sound = false;
    report(...problem);
  });
  return sound ? keys : null;
}

/**
 * The keys of a JSON Web Key Set (RFC 7517) that can be used. Those for something else are left out, and so are those that
 * something is wrong with (section 5), which is reported.
 */
export function usableKeys(set: unknown, use: KeyUse, report: ReportKey): VerificationKey[] {
  const jwks = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(jwks) || jwks.length === 0 || jwks.length > MAXIMUM_KEYS) {
    report("key_set", [], "not a JSON Web Key Set", `{"keys": […]} with 1 to ${MAXIMUM_KEYS} keys (RFC 7517)`);
    return [];
  }
  // Keys of different types may be alternatives under one kid (section 4.5).
  const kids = new Set<string>();
  const keys: VerificationKey[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const refuse: Refuse = (code, message, expected) =>
      report(code, ["keys", index], `key ${index + 1}: ${message}`, expected);
    if (typeof jwk !== "object" || jwk === null) {
      refuse("key_set", "it is no JSON object", "a JSON Web Key (RFC 7517)");
      continue;
    }
    const key = readKey(jwk, use, refuse);
    if (!key) continue;
    const names = key.kid ? key.algorithms.map((algorithm) => `${algorithm} ${key.kid}`) : [];
    if (names.some((name) => kids.has(name))) refuse("key_id", `kid "${key.kid}" is not unique`, "a kid of its own");
    else keys.push(key);
    for (const name of names) kids.add(name);
  }
  return keys;
}

type Refuse = (code: ProblemCode, message: string, expected: string) => void;

/** Null: of no use to the algorithms, or refused. */
function readKey(jwk: JsonWebKey, use: KeyUse, refuse: Refuse): VerificationKey | null {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) {
    refuse("key_private", "it has private or secret parts: take it out of circulation", "public keys only");
    return null;
  }
  if (isForSomethingElse(jwk, use)) return null;
  const problem = findProblem(jwk) ?? findNumbersProblem(jwk);
  if (problem) refuse(...problem);
  const usable = usableAlgorithms(jwk, use.algorithms);
  if (problem || usable.length === 0) return null;
  const spki = publicKey(jwk).export({ type: "spki", format: "der" });
  return { kid: String(jwk.kid ?? ""), algorithms: usable, spki: new Uint8Array(spki) };
}

/** By RFC 7517 sections 4.2 to 4.4, or by a type that none of the algorithms takes. */
function isForSomethingElse(jwk: JsonWebKey, { algorithms: listed, svids }: KeyUse): boolean {
  const { kty, crv, use, alg, key_ops: operations } = jwk;
  const algorithms: readonly string[] = listed;
  if (use !== undefined && !(svids ? SVIDS : SIGNATURES).includes(String(use))) return true;
  if (Array.isArray(operations) && !operations.includes("verify")) return true;
  if (alg !== undefined) return !algorithms.includes(algorithmNamed(alg));
  const possible = algorithmsOfKind(kty, crv);
  return possible !== null && !possible.some((algorithm) => algorithms.includes(algorithm));
}

/** Without `alg` a key is for every listed algorithm that takes its type. */
function usableAlgorithms({ kty, crv, alg }: JsonWebKey, algorithms: readonly string[]): PublicKeyAlgorithm[] {
  const possible = algorithmsOfKind(kty, crv) ?? [];
  const named = alg === undefined ? null : algorithmNamed(alg);
  return possible.filter((one) => algorithms.includes(one) && (named === null || one === named));
}

function findProblem({ kty, crv, alg, kid }: JsonWebKey): Parameters<Refuse> | null {
  const possible: readonly string[] | null = algorithmsOfKind(kty, crv);
  if (possible === null) {
    const type =
      kty === "EC" || kty === "OKP" ? `${kty} on curve ${JSON.stringify(crv)}` : `kty ${JSON.stringify(kty)}`;
    return ["key_type", `${type} is not supported`, "RSA, EC on P-256, P-384 or P-521, OKP on Ed25519"];
  }
  if (alg !== undefined && !possible.includes(algorithmNamed(alg))) {
    return ["key_type", `a key of type ${kty} with alg ${alg}`, possible.join(" or ")];
  }
  if (kid !== undefined && (typeof kid !== "string" || kid === "" || Buffer.byteLength(kid) > MAXIMUM_KID)) {
    return ["key_id", "kid is not usable", `text of 1 to ${MAXIMUM_KID} bytes, or none`];
  }
  return null;
}

function findNumbersProblem(jwk: JsonWebKey): Parameters<Refuse> | null {
  try {
    const key = publicKey(jwk);
    if (jwk.kty === "RSA") return findRsaProblem(key);
    return jwk.kty === "OKP" && isOfSmallOrder(jwk.x)
      ? ["key_weak", "a point of small order", "a key of its own"]
      : null;
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

function isOfSmallOrder(x: unknown): boolean {
  const point = Buffer.from(String(x), "base64url");
  // The top bit is the sign of the other coordinate.
  point[31] = (point[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(point.toString("latin1"));
}

function publicKey({ kty, n, e, crv, x, y }: JsonWebKey): KeyObject {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return createPublicKey({ key: Object.fromEntries(members), format: "jwk" });
}
