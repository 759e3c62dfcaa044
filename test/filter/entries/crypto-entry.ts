import { constantTimeEqual } from "../../../filter/crypto/constant-time";
import { ecdsaSignatureToDer } from "../../../filter/crypto/ecdsa-der";
import { hmacSha256 } from "../../../filter/crypto/hmac-sha256";
import { Sha256, sha256 } from "../../../filter/crypto/sha256";

export const Uint8Array_ID = idof<Uint8Array>();
export { constantTimeEqual, ecdsaSignatureToDer, hmacSha256, sha256 };

/** The digest of `data` fed in two pieces. */
export function sha256InPieces(data: Uint8Array, cut: i32): Uint8Array {
  return new Sha256().update(data.subarray(0, cut)).update(data.subarray(cut)).digest();
}
