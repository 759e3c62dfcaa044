import { bytes } from "proxy-wasm-as/bytes";
import { Environment, NO_VERSION } from "../environment";

const KEY = bytes("postern.dpop.secret");
const SECRET_BYTES: i32 = 32;

/**
 * What the workers of one gateway share about proofs: a random secret, and since when they remember. It lasts as long as
 * Envoy's process and is in no file.
 */
export class ProofSecret {
  constructor(
    public readonly secret: Uint8Array,
    /** Unix seconds: a proof made before may have been used at a gateway that is gone. */
    public readonly sinceSeconds: i64,
  ) {}
}

let known: ProofSecret | null = null;

/** Makes the secret, or takes that of the worker who was first; null: the host can't share it. */
export function proofSecret(environment: Environment): ProofSecret | null {
  if (known !== null) return known;
  let found = environment.shared(KEY);
  if (found === null) {
    const value = new Uint8Array(SECRET_BYTES + 8);
    if (!environment.fillRandom(value.subarray(0, SECRET_BYTES))) return null;
    store<i64>(value.dataStart + SECRET_BYTES, environment.nowMillis() / 1000);
    environment.share(KEY, value, NO_VERSION);
    found = environment.shared(KEY);
  }
  if (found === null || found.value.length != SECRET_BYTES + 8) return null;
  const value = found.value.slice();
  known = new ProofSecret(value.subarray(0, SECRET_BYTES), load<i64>(value.dataStart + SECRET_BYTES));
  return known;
}
