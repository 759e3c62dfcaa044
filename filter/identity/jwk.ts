import { bytes, equal } from "proxy-wasm-as/bytes";
import { sha256 } from "../crypto/sha256";
import { p256Spki, rsaSpki } from "../crypto/spki";
import { decodeBase64Url } from "../encoding/base64";
import { JsonReader, JsonToken } from "../encoding/json";
import { ALGORITHM_ES256, ALGORITHM_RS256 } from "../policy/algorithm";
import { MemberNames } from "./member-names";

const NAMES: StaticArray<Uint8Array> = [bytes("kty"), bytes("crv"), bytes("x"), bytes("y"), bytes("n"), bytes("e")];
const KTY: i32 = 0;
const CRV: i32 = 1;
const X: i32 = 2;
const Y: i32 = 3;
const N: i32 = 4;
const E: i32 = 5;
/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1. */
const SECRET_NAMES: StaticArray<Uint8Array> = [
  bytes("d"),
  bytes("p"),
  bytes("q"),
  bytes("dp"),
  bytes("dq"),
  bytes("qi"),
  bytes("oth"),
  bytes("k"),
];
const EC = bytes("EC");
const RSA = bytes("RSA");
const P256 = bytes("P-256");
/** Bytes of an RSA modulus: 2048 to 4096 bits, so that no key makes a verification dear. */
const MIN_MODULUS: i32 = 256;
const MAX_MODULUS: i32 = 512;

/** A public key that a proof brings along (RFC 7517): P-256 or RSA. */
export class Jwk {
  constructor(
    /** The one `ALGORITHM_…` that the key is for. */
    public readonly algorithm: u32,
    /** DER SubjectPublicKeyInfo. */
    public readonly spki: Uint8Array,
    /** RFC 7638, SHA-256: 32 bytes. */
    public readonly thumbprint: Uint8Array,
  ) {}
}

/** null: no JSON object, a member twice or of the wrong type, private or secret parts, another kind of key. */
export function readJwk(json: Uint8Array): Jwk | null {
  const members = new StaticArray<Uint8Array>(NAMES.length);
  for (let i = 0; i < NAMES.length; i++) members[i] = json.subarray(0, 0);
  if (!readMembers(json, members)) return null;
  if (equal(members[KTY], EC)) return equal(members[CRV], P256) ? p256Key(members[X], members[Y]) : null;
  return equal(members[KTY], RSA) ? rsaKey(members[N], members[E]) : null;
}

function readMembers(json: Uint8Array, members: StaticArray<Uint8Array>): bool {
  const reader = new JsonReader(json);
  if (reader.next() != JsonToken.BeginObject) return false;
  const names = new MemberNames();
  let token = reader.next();
  for (; token == JsonToken.Name; token = reader.next()) {
    const name = reader.text();
    if (!names.add(name) || indexIn(SECRET_NAMES, name) >= 0) return false;
    const index = indexIn(NAMES, name);
    if (index < 0) {
      if (!reader.skip()) return false;
    } else {
      if (reader.next() != JsonToken.String) return false;
      members[index] = reader.text();
    }
  }
  return token == JsonToken.EndObject && reader.next() == JsonToken.End;
}

function indexIn(list: StaticArray<Uint8Array>, name: Uint8Array): i32 {
  for (let i = 0; i < list.length; i++) if (equal(unchecked(list[i]), name)) return i;
  return -1;
}

function p256Key(x: Uint8Array, y: Uint8Array): Jwk | null {
  const xBytes = decodeBase64Url(x);
  const yBytes = decodeBase64Url(y);
  if (xBytes === null || yBytes === null) return null;
  const spki = p256Spki(xBytes, yBytes);
  if (spki.length == 0) return null;
  return new Jwk(
    ALGORITHM_ES256,
    spki,
    sha256(bytes(`{"crv":"P-256","kty":"EC","x":"${ascii(x)}","y":"${ascii(y)}"}`)),
  );
}

/** An exponent that is odd, from 65537 to 32 bits, as for the keys of a policy. */
function rsaKey(n: Uint8Array, e: Uint8Array): Jwk | null {
  const modulus = decodeBase64Url(n);
  const exponent = decodeBase64Url(e);
  if (modulus === null || exponent === null) return null;
  const length = modulus.length;
  if (length < MIN_MODULUS || length > MAX_MODULUS || modulus[0] < (length == MIN_MODULUS ? 0x80 : 1)) return null;
  if ((modulus[length - 1] & 1) == 0 || exponent.length < 3 || exponent.length > 4 || exponent[0] == 0) return null;
  if ((exponent[exponent.length - 1] & 1) == 0) return null;
  const spki = rsaSpki(modulus, exponent);
  return new Jwk(ALGORITHM_RS256, spki, sha256(bytes(`{"e":"${ascii(e)}","kty":"RSA","n":"${ascii(n)}"}`)));
}

/** Of base64url that was decoded before. */
function ascii(text: Uint8Array): string {
  return String.UTF8.decodeUnsafe(text.dataStart, text.length);
}
