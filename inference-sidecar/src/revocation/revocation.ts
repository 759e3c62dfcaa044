/** By what a token can be revoked, beside its issuer alone. */
export const REVOCABLE_CLAIMS = ["jti", "sub", "kid"] as const;

/** Tokens that are no longer good: those with one of these values, or of the issuer alone. */
export interface Revocation {
  readonly jti?: string;
  readonly sub?: string;
  /** Of the key that the token names. */
  readonly kid?: string;
  /** Only tokens with this `iss` (of JWT-SVIDs: of this trust domain); absent: of any issuer. */
  readonly iss?: string;
  /** Only those issued before (`iat`, RFC 3339); those that do not say when count as older. Absent: all. */
  readonly before?: string;
  readonly reason?: string;
}

const FIELDS = [...REVOCABLE_CLAIMS, "iss", "before", "reason"] as const;
const TEXT_MOST = 1024;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads one as it is written in a file or sent by an operator. @throws RangeError it is none, and why */
export function readRevocation(value: unknown): Revocation {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError("expected an object");
  const given = value as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!(FIELDS as readonly string[]).includes(name))
      throw new RangeError(`unknown field "${name}"; known are ${FIELDS.join(", ")}`);
  }
  for (const name of FIELDS) {
    const text = given[name];
    if (text === undefined || (typeof text === "string" && text.length > 0 && text.length <= TEXT_MOST)) continue;
    throw new RangeError(`${name}: expected text of 1 to ${TEXT_MOST} characters`);
  }
  const revocation = given as Revocation;
  const claims = REVOCABLE_CLAIMS.filter((claim) => claim in given);
  if (claims.length > 1 || (claims.length === 0 && revocation.iss === undefined)) {
    throw new RangeError("expected one of jti, sub and kid, or iss alone");
  }
  if (revocation.before !== undefined && !isTime(revocation.before)) {
    throw new RangeError(`before: expected a date and time such as 2027-01-31T18:00:00Z, up to 2105`);
  }
  return revocation;
}

function isTime(text: string): boolean {
  const seconds = Date.parse(text) / 1000;
  return TIME.test(text) && seconds > 0 && seconds < 0xffff_ffff - 1;
}
