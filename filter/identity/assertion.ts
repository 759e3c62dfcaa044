import { bytes } from "proxy-wasm-as/bytes";
import { JsonWriter } from "../encoding/json-writer";
import { spaced } from "../encoding/spaced";
import { AssertionForm } from "../policy/assertion-form";
import { AssertionCache } from "./assertion-cache";
import { isToken68 } from "./credentials";
import { Subject } from "./subject";

const ISS = bytes("iss");
const AUD = bytes("aud");
const SUB = bytes("sub");
const SCOPE = bytes("scope");
const TOKEN_ISSUER = bytes("token_issuer");
const WORKLOAD = bytes("workload");
const API_KEY = bytes("api_key");
const CLAIMS = bytes("claims");
const NONE = new Uint8Array(0);

/** What is to be signed, and the sidecar's answer. */
export class AssertionInquiry {
  /** Compact JWS; empty: it has none. */
  answer: Uint8Array = NONE;
  isAsked: bool = false;

  constructor(
    /** A JSON object: the claims without `iat`, `exp` and `jti`. */
    public readonly claims: Uint8Array,
    /** Its `exp`, Unix seconds. */
    public readonly expiresSeconds: i64,
  ) {}
}

/**
 * The identity of one request as a token of this gate (RFC 7519), good for as long as the policy says, and no longer than
 * the client's own token. One that was signed before is used again until the last quarter of its life.
 */
export class Assertion {
  /** Compact JWS; empty: there is none yet, or none could be had. */
  token: Uint8Array = NONE;
  /** What the sidecar is to sign first; null: nothing. */
  readonly inquiry: AssertionInquiry | null;

  constructor(
    form: AssertionForm,
    subject: Subject,
    private readonly cache: AssertionCache,
    nowMillis: i64,
  ) {
    const claims = assertedClaims(form, subject);
    const until = subject.acceptedUntilMillis;
    const expires = (until > 0 ? min(until, nowMillis + form.lifetimeMillis) : nowMillis + form.lifetimeMillis) / 1000;
    const known = cache.find(claims);
    let isFresh = false;
    if (known !== null && nowMillis < known.expiresSeconds * 1000 && known.expiresSeconds <= expires) {
      this.token = known.token;
      const left = known.expiresSeconds * 1000 - nowMillis;
      isFresh = left > form.lifetimeMillis / 4 || known.expiresSeconds == expires;
    }
    this.inquiry = isFresh ? null : new AssertionInquiry(claims, expires);
  }

  /** The sidecar has answered, or will not. False: there is no assertion. */
  settle(): bool {
    const inquiry = this.inquiry;
    if (inquiry !== null && isToken68(inquiry.answer)) {
      this.token = inquiry.answer;
      this.cache.put(inquiry.claims, inquiry.answer, inquiry.expiresSeconds);
    }
    return this.token.length > 0;
  }
}

/** Who asks, as far as it was verified. `sub` is the user's, without a token the workload's or the name of the API key. */
function assertedClaims(form: AssertionForm, subject: Subject): Uint8Array {
  const writer = new JsonWriter();
  writer.text(ISS, form.issuer);
  writer.text(AUD, form.audience);
  const issuer = subject.issuer;
  const workload = subject.workload;
  if (issuer !== null) {
    if (subject.subject.length > 0) writer.text(SUB, subject.subject);
    writer.text(TOKEN_ISSUER, issuer.issuer);
    if (subject.scopes.length > 0) writer.text(SCOPE, spaced(subject.scopes));
  } else {
    writer.text(SUB, workload.length > 0 ? workload : subject.apiKey);
  }
  if (workload.length > 0) writer.text(WORKLOAD, workload);
  if (subject.apiKey.length > 0) writer.text(API_KEY, subject.apiKey);
  if (form.claims.length > 0) writer.value(CLAIMS, repeatedClaims(form, subject));
  return writer.finish();
}

function repeatedClaims(form: AssertionForm, subject: Subject): Uint8Array {
  const writer = new JsonWriter();
  for (let i = 0; i < form.claims.length; i++) {
    const json = subject.claims.raw(form.claims[i]);
    if (json.length > 0) writer.value(form.claims[i], json);
  }
  return writer.finish();
}
