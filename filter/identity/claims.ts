import { bytes, equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { isValidUtf8 } from "../encoding/utf8";
import { ClaimSet } from "./claim-set";
import { Confirmation } from "./confirmation";
import { MemberNames } from "./member-names";
import { numericDateMillis } from "./numeric-date";
import { isScope, splitScopes } from "./scope";

export const ISS = bytes("iss");
export const SUB = bytes("sub");
const AUD = bytes("aud");
const EXP = bytes("exp");
const NBF = bytes("nbf");
const IAT = bytes("iat");
const SCOPE = bytes("scope");
const SCP = bytes("scp");
const CNF = bytes("cnf");
const JTI = bytes("jti");
const NONE = new Uint8Array(0);
const UNBOUND = new Confirmation();
/** What lists of revocations may name a token by. */
const MARKS_BYTES: i32 = 160;
/** What a list element costs beside its bytes, roughly. */
const ELEMENT_OVERHEAD: i32 = 64;

/** The claims set of a token (RFC 7519 section 4.1), as far as this gate reads it. */
export class Claims {
  /** `sub`; empty: none. */
  subject: Uint8Array = NONE;
  /** `jti`; empty: none. */
  id: Uint8Array = NONE;
  audiences: Uint8Array[] = [];
  scopes: Uint8Array[] = [];
  /** `exp`, Unix milliseconds; -1 until it was read. */
  expiresAtMillis: i64 = -1;
  /** `nbf` and `iat`, Unix milliseconds; 0: absent. */
  notBeforeMillis: i64 = 0;
  issuedAtMillis: i64 = 0;

  /** What the token is bound to. */
  confirmation: Confirmation = UNBOUND;
  /** Every member, for the questions of grants. */
  readonly set: ClaimSet;
  private memberCount: i32 = 0;

  private constructor(private readonly payload: Uint8Array) {
    this.set = new ClaimSet(payload);
  }

  /**
   * Reads a verified payload. null: it is no JSON object in UTF-8, has a duplicate top-level member (after unescaping),
   * a registered claim of the wrong type, no `exp`, or a subject or scope that could not stand in a header.
   */
  static read(payload: Uint8Array): Claims | null {
    if (!isValidUtf8(payload)) return null;
    const claims = new Claims(payload);
    return claims.readObject() ? claims : null;
  }

  /** Bytes of memory that the claims keep, at most. */
  get weight(): i32 {
    return (
      MARKS_BYTES +
      2 * this.payload.length +
      ELEMENT_OVERHEAD * (this.audiences.length + this.scopes.length + this.memberCount)
    );
  }

  private readObject(): bool {
    const reader = new JsonReader(this.payload);
    if (reader.next() != JsonToken.BeginObject) return false;
    const names = new MemberNames();
    let token = reader.next();
    for (; token == JsonToken.Name; token = reader.next()) {
      const name = reader.text();
      if (!names.add(name) || !this.readMember(reader, name)) return false;
      this.memberCount += 1;
    }
    return token == JsonToken.EndObject && reader.next() == JsonToken.End && this.expiresAtMillis >= 0;
  }

  private readMember(reader: JsonReader, name: Uint8Array): bool {
    if (equal(name, ISS)) return reader.next() == JsonToken.String;
    if (equal(name, SUB)) return this.readSubject(reader);
    if (equal(name, AUD)) return this.readAudiences(reader);
    if (equal(name, EXP)) return (this.expiresAtMillis = readDate(reader)) >= 0;
    if (equal(name, NBF)) return (this.notBeforeMillis = readDate(reader)) >= 0;
    if (equal(name, IAT)) return (this.issuedAtMillis = readDate(reader)) >= 0;
    if (equal(name, SCOPE) || equal(name, SCP)) return this.readScopes(reader);
    if (equal(name, CNF)) return this.readConfirmation(reader);
    if (equal(name, JTI)) return this.readId(reader);
    return reader.skip();
  }

  private readConfirmation(reader: JsonReader): bool {
    const confirmation = new Confirmation();
    this.confirmation = confirmation;
    return confirmation.read(reader);
  }

  /** Text, or a number as some issuers write it: of another type no list of revocations could name it. */
  private readId(reader: JsonReader): bool {
    const token = reader.next();
    this.id = reader.text();
    return token == JsonToken.String || token == JsonToken.Number;
  }

  private readSubject(reader: JsonReader): bool {
    if (reader.next() != JsonToken.String) return false;
    this.subject = reader.text();
    return isHeaderText(this.subject);
  }

  private readAudiences(reader: JsonReader): bool {
    const token = reader.next();
    if (token != JsonToken.String) return readElements(reader, token, this.audiences);
    this.audiences.push(reader.text());
    return true;
  }

  /** One string (RFC 8693 section 4.2) or, as many issuers write it, an array with one scope in each element. */
  private readScopes(reader: JsonReader): bool {
    const token = reader.next();
    if (token == JsonToken.String) return splitScopes(reader.text(), this.scopes);
    const elements: Uint8Array[] = [];
    if (!readElements(reader, token, elements)) return false;
    for (let i = 0; i < elements.length; i++) {
      if (!isScope(unchecked(elements[i]))) return false;
    }
    this.scopes = this.scopes.concat(elements);
    return true;
  }
}

/**
 * The issuer or subject that an unverified payload names: good for choosing keys and for nothing else. The first such claim
 * counts; a second one is refused once the signature is verified. null: there is none, or it is no string.
 */
export function unverifiedClaim(payload: Uint8Array, name: Uint8Array): Uint8Array | null {
  const reader = new JsonReader(payload);
  if (reader.next() != JsonToken.BeginObject) return null;
  while (reader.next() == JsonToken.Name) {
    if (equal(reader.text(), name)) return reader.next() == JsonToken.String ? reader.text() : null;
    if (!reader.skip()) return null;
  }
  return null;
}

/** Unix milliseconds; -1: no number, or one out of range. */
function readDate(reader: JsonReader): i64 {
  return reader.next() == JsonToken.Number ? numericDateMillis(reader.text()) : -1;
}

/** Reads the rest of an array of strings that begins with `token`; false: it is something else. */
function readElements(reader: JsonReader, token: JsonToken, out: Uint8Array[]): bool {
  if (token != JsonToken.BeginArray) return false;
  let element = reader.next();
  for (; element == JsonToken.String; element = reader.next()) out.push(reader.text());
  return element == JsonToken.EndArray;
}

/** Whether verified identity may stand in a header: no control characters, no lone surrogates from escapes. */
function isHeaderText(text: Uint8Array): bool {
  for (let i = 0; i < text.length; i++) {
    const byte = unchecked(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
  }
  return isValidUtf8(text);
}
