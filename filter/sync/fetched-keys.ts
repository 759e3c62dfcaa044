import { ProtobufReader } from "../encoding/protobuf";
import { ALGORITHMS_PUBLIC } from "../policy/algorithm";
import { MAX_KID_BYTES, VerificationKey } from "../policy/issuer";

const MAX_KEYS: i32 = 64;
/** Of an RSA key of 8192 bits. */
const MAX_SPKI_BYTES: i32 = 2048;

/** `postern.v1.IssuerKeys`: the keys of an issuer as the sidecar last fetched them. */
export class FetchedKeys {
  issuer: Uint8Array = new Uint8Array(0);
  /** Unix milliseconds. */
  fetchedMillis: i64 = 0;
  /** Where; empty: the sidecar is of a release that does not say it. */
  uri: Uint8Array = new Uint8Array(0);
  readonly keys: VerificationKey[] = [];

  /** null: malformed. A key beyond its limits is left out: the others, and all that comes with them, are good. */
  static decode(message: Uint8Array): FetchedKeys | null {
    const fetched = new FetchedKeys();
    const reader = new ProtobufReader(message);
    let sound = true;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) fetched.issuer = reader.content;
      else if (field == 2) fetched.fetchedMillis = <i64>reader.value;
      else if (field == 3) sound = fetched.takeKey(reader.content) && sound;
      else if (field == 4) fetched.uri = reader.content;
    }
    return sound && !reader.malformed && fetched.issuer.length > 0 && fetched.fetchedMillis > 0 ? fetched : null;
  }

  private takeKey(message: Uint8Array): bool {
    const reader = new ProtobufReader(message);
    let kid = message.subarray(0, 0);
    let spki = kid;
    let algorithms: u64 = 0;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) kid = reader.content;
      else if (field == 2) algorithms = reader.value;
      else if (field == 3) spki = reader.content;
    }
    if (reader.malformed) return false;
    const isPublic = algorithms > 0 && (algorithms & <u64>ALGORITHMS_PUBLIC) == algorithms;
    const isKept = isPublic && kid.length <= MAX_KID_BYTES && spki.length > 0 && spki.length <= MAX_SPKI_BYTES;
    if (isKept && this.keys.length < MAX_KEYS) this.keys.push(new VerificationKey(kid, <u32>algorithms, spki));
    return true;
  }
}
