import { equal } from "proxy-wasm-as/bytes";
import { Environment, SharedValue, SignatureFinding } from "../environment";
import { VerificationBudget } from "../identity/verification-budget";
import { monotonicMicros, verifySignature } from "./host";

/** A shared secret, under the name of its environment variable. */
export class Secret {
  constructor(
    public readonly name: Uint8Array,
    public readonly value: Uint8Array,
  ) {}
}

/** Of all that is judged as it comes in, whatever the policy: what a worker has in Envoy. */
const liveBudget = new VerificationBudget();
const liveProofBudget = new VerificationBudget();

/** The connection that a request came over, as far as the caller knows it; empty: unknown, and then it fails closed. */
export class Connection {
  constructor(
    /** As `Environment.sourceAddress` gives it. */
    public readonly sourceAddress: Uint8Array,
    /** As `Environment.peerCertificateDigest` gives it. */
    public readonly peerCertificateDigest: Uint8Array,
  ) {}
}

/**
 * The world as Node gives it, for one request. It knows no other workers: what rests on a replay window fails closed.
 * Where it is not `live`, it is judged as if alone: with a budget of its own, and no time passes while the model is asked.
 */
export class CoreEnvironment extends Environment {
  constructor(
    private readonly atMillis: i64,
    private readonly live: bool,
    private readonly secrets: Secret[],
    private readonly connection: Connection,
  ) {
    super(live ? liveBudget : new VerificationBudget(), live ? liveProofBudget : new VerificationBudget());
  }

  nowMillis(): i64 {
    return this.atMillis;
  }

  monotonicMicros(): i64 {
    return this.live ? <i64>monotonicMicros() : 0;
  }

  verifySignature(algorithm: u32, spki: Uint8Array, signature: Uint8Array, text: Uint8Array): SignatureFinding {
    const verified = verifySignature(
      algorithm,
      spki.dataStart,
      spki.length,
      signature.dataStart,
      signature.length,
      text.dataStart,
      text.length,
    );
    return verified ? SignatureFinding.Verified : SignatureFinding.Refused;
  }

  sourceAddress(): Uint8Array {
    return this.connection.sourceAddress;
  }

  peerCertificateDigest(): Uint8Array {
    return this.connection.peerCertificateDigest;
  }

  shared(_key: Uint8Array): SharedValue | null {
    return null;
  }

  share(_key: Uint8Array, _value: Uint8Array, _version: u32): bool {
    return false;
  }

  fillRandom(_bytes: Uint8Array): bool {
    return false;
  }

  secret(name: Uint8Array): Uint8Array | null {
    for (let i = 0; i < this.secrets.length; i++) if (equal(this.secrets[i].name, name)) return this.secrets[i].value;
    return null;
  }
}
