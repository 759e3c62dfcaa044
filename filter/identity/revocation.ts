import { bytes } from "proxy-wasm-as/bytes";
import { Sha256 } from "../crypto/sha256";
import { RevocationList } from "../policy/revocation-list";
import { VerifiedToken } from "./verified-token";

const JTI = bytes("jti");
const SUB = bytes("sub");
const KID = bytes("kid");
const ISS = bytes("iss");
const ANY_ISSUER = bytes("");
const SEPARATOR = new Uint8Array(1);
const MARK_BYTES: i32 = 16;

/** Whether the list names the token, whatever the time. Asked once for a token and list. */
export function isRevoked(token: VerifiedToken, list: RevocationList): bool {
  if (list.isEmpty) return false;
  if (token.judgedBy !== list) {
    if (token.marks.length == 0) token.marks = marksOf(token);
    token.isRevoked = list.revokes(token.marks, token.claims.issuedAtMillis);
    token.judgedBy = list;
  }
  return token.isRevoked;
}

/** By `jti`, `sub` and `kid`, each of any issuer and of its own, and by its issuer alone. */
function marksOf(token: VerifiedToken): Uint8Array {
  const issuer = token.issuer.issuer.length > 0 ? token.issuer.issuer : token.issuer.trustDomain;
  const names = [JTI, SUB, KID];
  const values = [token.claims.id, token.claims.subject, token.kid];
  const marks = new Uint8Array((2 * names.length + 1) * MARK_BYTES);
  let length = putMark(marks, 0, ISS, ANY_ISSUER, issuer);
  for (let i = 0; i < names.length; i++) {
    if (values[i].length == 0) continue;
    length = putMark(marks, length, names[i], ANY_ISSUER, values[i]);
    length = putMark(marks, length, names[i], issuer, values[i]);
  }
  return marks.slice(0, length);
}

/** SHA-256 of claim, issuer and value, each but the last with a zero byte behind; its first 16 bytes. */
function putMark(marks: Uint8Array, at: i32, claim: Uint8Array, issuer: Uint8Array, value: Uint8Array): i32 {
  const hash = new Sha256().update(claim).update(SEPARATOR).update(issuer).update(SEPARATOR).update(value).digest();
  memory.copy(marks.dataStart + at, hash.dataStart, MARK_BYTES);
  return at + MARK_BYTES;
}
