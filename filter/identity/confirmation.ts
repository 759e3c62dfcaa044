import { bytes, equal } from "proxy-wasm-as/bytes";
import { decodeBase64Url } from "../encoding/base64";
import { JsonReader, JsonToken } from "../encoding/json";
import { MemberNames } from "./member-names";

const CERTIFICATE = bytes("x5t#S256");
const KEY = bytes("jkt");
const DIGEST_BYTES: i32 = 32;
const NONE = new Uint8Array(0);

/** What a token is bound to: its `cnf` claim (RFC 7800 section 3.1), as far as this gate can check it. */
export class Confirmation {
  /** SHA-256 of the client certificate (RFC 8705 section 3.1), 32 bytes; empty: it is bound to none. */
  certificate: Uint8Array = NONE;
  /** SHA-256 thumbprint of a key (RFC 9449 section 6.1), 32 bytes; empty: it is bound to none. */
  key: Uint8Array = NONE;
  /** The token has `cnf`. */
  isPresent: bool = false;

  /** The token is bound in no way that could be checked here: whoever sends it proves nothing. */
  get isUnknown(): bool {
    return this.isPresent && this.certificate.length == 0 && this.key.length == 0;
  }

  /** Reads the claim's value; false: it is no object, has a member twice, or a digest that is none. */
  read(reader: JsonReader): bool {
    this.isPresent = true;
    if (reader.next() != JsonToken.BeginObject) return false;
    const names = new MemberNames();
    let token = reader.next();
    for (; token == JsonToken.Name; token = reader.next()) {
      const name = reader.text();
      if (!names.add(name)) return false;
      if (equal(name, CERTIFICATE)) {
        this.certificate = readDigest(reader);
        if (this.certificate.length == 0) return false;
      } else if (equal(name, KEY)) {
        this.key = readDigest(reader);
        if (this.key.length == 0) return false;
      } else if (!reader.skip()) {
        return false;
      }
    }
    return token == JsonToken.EndObject;
  }
}

/** A SHA-256 digest in base64url; empty: it is something else. */
function readDigest(reader: JsonReader): Uint8Array {
  if (reader.next() != JsonToken.String) return NONE;
  const digest = decodeBase64Url(reader.text());
  return digest !== null && digest.length == DIGEST_BYTES ? digest : NONE;
}
