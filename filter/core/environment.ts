import { equal } from "proxy-wasm-as/bytes";
import { Environment, NO_VERSION, SharedValue, SignatureFinding } from "../environment";
import { VerificationBudget } from "../identity/verification-budget";
import { fillRandom, monotonicMicros, verifySignature } from "./host";

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
 * The world as Node gives it, for one request. Where it is `live`, all requests of the process share what workers share in Envoy.
 * Else it is judged as if alone: with a budget of its own, no time passes while the model is asked, and what rests on a replay
 * window fails closed.
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

  shared(key: Uint8Array): SharedValue | null {
    const name = latin1(key);
    return this.live && sharedValues.has(name) ? sharedValues.get(name) : null;
  }

  share(key: Uint8Array, value: Uint8Array, version: u32): bool {
    if (!this.live) return false;
    const name = latin1(key);
    const before: u32 = sharedValues.has(name) ? sharedValues.get(name).version : NO_VERSION;
    if (version != 0 && version != before) return false;
    sharedValues.set(name, new SharedValue(value.slice(), before == NO_VERSION ? 1 : before + 1));
    return true;
  }

  fillRandom(bytes: Uint8Array): bool {
    if (this.live) fillRandom(bytes.dataStart, bytes.length);
    return this.live;
  }

  secret(name: Uint8Array): Uint8Array | null {
    for (let i = 0; i < this.secrets.length; i++) if (equal(this.secrets[i].name, name)) return this.secrets[i].value;
    return null;
  }
}

/** Of the process, by key. They are as many as in Envoy: each user of them bounds its own. */
const sharedValues: Map<string, SharedValue> = new Map();

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}
