import { createPrivateKey, type KeyObject, randomUUID, sign } from "node:crypto";
import type { Admission } from "../admission.ts";
import type { Handler } from "../calls.ts";
import { ServiceError } from "../service-error.ts";
import type { AssertionKey, AssertionKeys } from "./signing-keys.ts";

/** postern.v1.SignRequest */
interface SignRequest {
  claims: Buffer;
  expiresUnixS: number;
}

/** postern.v1.SignResponse */
interface SignResponse {
  assertion: Buffer;
}

const CLAIMS_BYTES_MOST = 8192;
const LIFETIME_SECONDS_MOST = 600;
const OWN_CLAIMS = ["iat", "exp", "jti"];

/** Signs what the filter says of who asks. `keys`: null while no policy asks for assertions. */
export function signHandler(
  admission: Admission,
  keys: () => Promise<AssertionKeys | null>,
): Handler<SignRequest, SignResponse> {
  return async ({ claims, expiresUnixS }) => {
    const release = admission.admit();
    try {
      const { current } = (await keys()) ?? {};
      if (current === undefined) throw new ServiceError("unavailable", "the policy in force asks for no assertions");
      return { assertion: Buffer.from(signAssertion(current, claims, expiresUnixS)) };
    } finally {
      release();
    }
  };
}

/**
 * A JWT (RFC 7519) of these claims, with `iat`, `exp` and `jti` added.
 * @throws ServiceError `invalid_argument`: they are no such object, or the time is out of range
 */
export function signAssertion(key: AssertionKey, claims: Buffer, expiresUnixS: number): string {
  const stated = readClaims(claims);
  const iat = Math.floor(Date.now() / 1000);
  if (expiresUnixS <= iat || expiresUnixS > iat + LIFETIME_SECONDS_MOST) {
    const message = `expires_unix_s: expected 1 to ${LIFETIME_SECONDS_MOST} seconds from now`;
    throw new ServiceError("invalid_argument", message);
  }
  return compactJws(key, withMembers(stated, { iat, exp: expiresUnixS, jti: randomUUID() }));
}

/** The text of the object, as it came: numbers are not rounded. */
function readClaims(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  let claims: unknown;
  try {
    if (bytes.length <= CLAIMS_BYTES_MOST) claims = JSON.parse(text);
  } catch {
    // Refused below.
  }
  if (
    typeof claims !== "object" ||
    claims === null ||
    Array.isArray(claims) ||
    OWN_CLAIMS.some((name) => name in claims)
  ) {
    throw new ServiceError("invalid_argument", `claims: expected a JSON object of at most ${CLAIMS_BYTES_MOST} bytes`);
  }
  return text;
}

/** An object's text with further members, of which it has none. */
function withMembers(object: string, members: object): string {
  const open = object.trimEnd().slice(0, -1).trimEnd();
  return `${open}${open.endsWith("{") ? "" : ","}${JSON.stringify(members).slice(1)}`;
}

const imported = new WeakMap<AssertionKey, KeyObject>();

/** JWS compact serialisation, ES256 (RFC 7515 section 3.1, RFC 7518 section 3.4). */
function compactJws(key: AssertionKey, claims: string): string {
  let privateKey = imported.get(key);
  if (privateKey === undefined) {
    privateKey = createPrivateKey({ key: key.jwk, format: "jwk" });
    imported.set(key, privateKey);
  }
  const encode = (part: string) => Buffer.from(part).toString("base64url");
  const text = `${encode(JSON.stringify({ alg: "ES256", typ: "JWT", kid: key.jwk.kid }))}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
