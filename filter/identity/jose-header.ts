import { beginsWith, bytes, equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { lowerCase } from "../encoding/lower-case";
import { isValidUtf8 } from "../encoding/utf8";
import { algorithmOf } from "../policy/algorithm";
import { MemberNames } from "./member-names";
import { TokenOutcome } from "./token-outcome";

const ALG = bytes("alg");
const KID = bytes("kid");
const TYP = bytes("typ");
const CTY = bytes("cty");
const EMBEDDED_KEYS = [bytes("jwk"), bytes("jku"), bytes("x5u"), bytes("x5c")];
const CRITICAL = [bytes("crit"), bytes("b64"), bytes("zip")];
/** Media types without the `application/` prefix: RFC 7519 section 5.1, RFC 9068 section 2.1, RFC 7515 section 9.2.1. */
const JWT = bytes("jwt");
const ACCESS_TOKEN = bytes("at+jwt");
const JOSE = bytes("jose");
const APPLICATION = bytes("application/");
const NONE = new Uint8Array(0);

/** What the JOSE header of a token says, as far as this gate understands it. */
export class JoseHeader {
  /** VALID, or why the token is refused by its header alone. */
  outcome: TokenOutcome = TokenOutcome.VALID;
  /** One `ALGORITHM_…` bit. */
  algorithm: u32 = 0;
  /** null: the header names no key. */
  kid: Uint8Array | null = null;
  private readonly names: MemberNames = new MemberNames();
  /** `typ` says that it is an access token, which no JWT-SVID is. */
  isAccessToken: bool = false;
  /** `typ` is JOSE, which JWT-SVIDs may have and no other token (JWT-SVID section 2.3). */
  isJose: bool = false;
  private hasEmbeddedKey: bool = false;
  private hasCritical: bool = false;
  private hasAlgorithm: bool = false;

  /** Empty: the header names no key. */
  get keyId(): Uint8Array {
    const kid = this.kid;
    return kid === null ? NONE : kid;
  }

  /**
   * Reads the decoded header. MALFORMED: no JSON object in UTF-8, a duplicate member (after unescaping), a member of the
   * wrong type, no `alg`, a `typ` that is none of those that tokens have here, a nested token (`cty`). EMBEDDED_KEY: the token brings or
   * names its own key. CRITICAL: `crit`, `b64` or `zip`, since no extension is implemented. ALGORITHM: `none` or unknown.
   */
  static read(json: Uint8Array): JoseHeader {
    const header = new JoseHeader();
    header.outcome = isValidUtf8(json) && header.readObject(json) ? header.judge() : TokenOutcome.MALFORMED;
    return header;
  }

  private readObject(json: Uint8Array): bool {
    const reader = new JsonReader(json);
    if (reader.next() != JsonToken.BeginObject) return false;
    let token = reader.next();
    for (; token == JsonToken.Name; token = reader.next()) {
      if (!this.readMember(reader, reader.text())) return false;
    }
    return token == JsonToken.EndObject && reader.next() == JsonToken.End;
  }

  private readMember(reader: JsonReader, name: Uint8Array): bool {
    if (!this.names.add(name)) return false;
    this.hasEmbeddedKey = this.hasEmbeddedKey || isIn(EMBEDDED_KEYS, name);
    this.hasCritical = this.hasCritical || isIn(CRITICAL, name);
    const isAlg = equal(name, ALG);
    const isKid = equal(name, KID);
    const isTyp = equal(name, TYP);
    const isCty = equal(name, CTY);
    if (!isAlg && !isKid && !isTyp && !isCty) return reader.skip();
    if (reader.next() != JsonToken.String) return false;
    const value = reader.text();
    if (isCty) return !equal(mediaType(value), JWT);
    if (isTyp) {
      const type = mediaType(value);
      this.isAccessToken = equal(type, ACCESS_TOKEN);
      this.isJose = equal(type, JOSE);
      return this.isAccessToken || this.isJose || equal(type, JWT);
    }
    if (isKid) {
      this.kid = value;
    } else {
      this.hasAlgorithm = true;
      this.algorithm = algorithmOf(value);
    }
    return true;
  }

  private judge(): TokenOutcome {
    if (!this.hasAlgorithm) return TokenOutcome.MALFORMED;
    if (this.hasEmbeddedKey) return TokenOutcome.EMBEDDED_KEY;
    if (this.hasCritical) return TokenOutcome.CRITICAL;
    return this.algorithm == 0 ? TokenOutcome.ALGORITHM : TokenOutcome.VALID;
  }
}

/** Media types are compared without regard to case; `application/` may be left out (RFC 7515 section 4.1.9). */
function mediaType(value: Uint8Array): Uint8Array {
  const lower = lowerCase(value);
  return beginsWith(lower, APPLICATION) ? lower.subarray(APPLICATION.length) : lower;
}

function isIn(list: Uint8Array[], value: Uint8Array): bool {
  for (let i = 0; i < list.length; i++) {
    if (equal(unchecked(list[i]), value)) return true;
  }
  return false;
}
