import { bytes, equal } from "proxy-wasm-as/bytes";
import { decodeBase64Url } from "../encoding/base64";
import { JsonReader, JsonToken } from "../encoding/json";
import { isValidUtf8 } from "../encoding/utf8";
import { algorithmOf } from "../policy/algorithm";
import { splitCompactJws } from "./compact-jws";
import { Jwk, readJwk } from "./jwk";
import { MemberNames } from "./member-names";
import { numericDateMillis } from "./numeric-date";

const MAX_PROOF_BYTES: i32 = 4096;
const MAX_JTI_BYTES: i32 = 256;
const TYP = bytes("typ");
const ALG = bytes("alg");
const JWK = bytes("jwk");
const CRIT = bytes("crit");
const B64 = bytes("b64");
const ZIP = bytes("zip");
const DPOP_JWT = bytes("dpop+jwt");
const HTM = bytes("htm");
const HTU = bytes("htu");
const IAT = bytes("iat");
const EXP = bytes("exp");
const NBF = bytes("nbf");
const JTI = bytes("jti");
const ATH = bytes("ath");
const NONCE = bytes("nonce");
const NONE = new Uint8Array(0);

/** What a DPoP proof says (RFC 9449 section 4.2), before anything of it is verified. */
export class DpopProof {
  method: Uint8Array = NONE;
  target: Uint8Array = NONE;
  /** `iat`, Unix milliseconds; -1: absent. */
  issuedAtMillis: i64 = -1;
  /** `exp` and `nbf`, which a proof need not have (RFC 7519 section 4.1), Unix milliseconds. */
  expiresAtMillis: i64 = i64.MAX_VALUE;
  notBeforeMillis: i64 = 0;
  id: Uint8Array = NONE;
  /** `ath`: base64url of the access token's SHA-256. */
  tokenHash: Uint8Array = NONE;
  /** Empty: none. */
  nonce: Uint8Array = NONE;

  private constructor(
    public readonly key: Jwk,
    /** Decoded; not empty. */
    public readonly signature: Uint8Array,
    public readonly signingInput: Uint8Array,
  ) {}

  /**
   * null: no JWS in compact serialisation of at most 4 KiB, another `typ`, a key that can't be used or that is not for `alg`,
   * `crit`, a member twice or of the wrong type, a required claim missing.
   */
  static read(text: Uint8Array): DpopProof | null {
    if (text.length > MAX_PROOF_BYTES) return null;
    const jws = splitCompactJws(text);
    if (jws === null) return null;
    const header = decodeBase64Url(jws.header);
    const payload = decodeBase64Url(jws.payload);
    if (header === null || payload === null || !isValidUtf8(header) || !isValidUtf8(payload)) return null;
    const key = readHeader(header);
    const signature = decodeBase64Url(jws.signature);
    if (key === null || signature === null || signature.length == 0) return null;
    const proof = new DpopProof(key, signature, jws.signingInput);
    return proof.readClaims(payload) ? proof : null;
  }

  private readClaims(payload: Uint8Array): bool {
    const reader = new JsonReader(payload);
    if (reader.next() != JsonToken.BeginObject) return false;
    const names = new MemberNames();
    let token = reader.next();
    for (; token == JsonToken.Name; token = reader.next()) {
      const name = reader.text();
      if (!names.add(name) || !this.readClaim(reader, name)) return false;
    }
    if (token != JsonToken.EndObject || reader.next() != JsonToken.End) return false;
    const complete = this.method.length > 0 && this.target.length > 0 && this.tokenHash.length > 0;
    const timed = this.issuedAtMillis >= 0 && this.expiresAtMillis >= 0 && this.notBeforeMillis >= 0;
    return complete && timed && this.id.length > 0 && this.id.length <= MAX_JTI_BYTES;
  }

  private readClaim(reader: JsonReader, name: Uint8Array): bool {
    const isIssued = equal(name, IAT);
    const isExpiry = equal(name, EXP);
    if (isIssued || isExpiry || equal(name, NBF)) {
      if (reader.next() != JsonToken.Number) return false;
      const millis = numericDateMillis(reader.text());
      if (isIssued) this.issuedAtMillis = millis;
      else if (isExpiry) this.expiresAtMillis = millis;
      else this.notBeforeMillis = millis;
      return true;
    }
    const isMethod = equal(name, HTM);
    const isTarget = equal(name, HTU);
    const isId = equal(name, JTI);
    const isHash = equal(name, ATH);
    if (!isMethod && !isTarget && !isId && !isHash && !equal(name, NONCE)) return reader.skip();
    if (reader.next() != JsonToken.String) return false;
    const text = reader.text();
    if (isMethod) this.method = text;
    else if (isTarget) this.target = text;
    else if (isId) this.id = text;
    else if (isHash) this.tokenHash = text;
    else this.nonce = text;
    return true;
  }
}

/** The key of a proof's header, which must be the one for its `alg`; null: it is no such header. */
function readHeader(json: Uint8Array): Jwk | null {
  const reader = new JsonReader(json);
  if (reader.next() != JsonToken.BeginObject) return null;
  const names = new MemberNames();
  let typed = false;
  let algorithm: u32 = 0;
  let key: Jwk | null = null;
  let token = reader.next();
  for (; token == JsonToken.Name; token = reader.next()) {
    const name = reader.text();
    if (!names.add(name) || equal(name, CRIT) || equal(name, B64) || equal(name, ZIP)) return null;
    if (equal(name, JWK)) {
      if (reader.next() != JsonToken.BeginObject) return null;
      const start = reader.start;
      if (!reader.close()) return null;
      key = readJwk(json.subarray(start, reader.end));
    } else if (equal(name, TYP) || equal(name, ALG)) {
      if (reader.next() != JsonToken.String) return null;
      if (equal(name, ALG)) algorithm = algorithmOf(reader.text());
      else typed = equal(reader.text(), DPOP_JWT);
    } else if (!reader.skip()) {
      return null;
    }
  }
  if (token != JsonToken.EndObject || reader.next() != JsonToken.End || !typed) return null;
  return key !== null && key.algorithm == algorithm ? key : null;
}
