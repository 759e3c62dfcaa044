/** What became of the bearer token of a request; everything above VALID is a refusal. */
export enum TokenOutcome {
  ABSENT = 0,
  VALID = 1,
  MALFORMED = 2,
  ALGORITHM = 3,
  EMBEDDED_KEY = 4,
  CRITICAL = 5,
  ISSUER = 6,
  KEY = 7,
  SIGNATURE = 8,
  EXPIRED = 9,
  NOT_YET_VALID = 10,
  ISSUED_IN_FUTURE = 11,
  AUDIENCE = 12,
  VERIFICATION_BUDGET = 13,
}
