import {
  bytes,
  callForeignFunction,
  currentTimeNanos,
  environmentVariable,
  fillRandom,
  getProperty,
  getSharedData,
  monotonicNanos,
  Status,
  setSharedData,
} from "proxy-wasm-as";
import { decodeHex } from "../encoding/hex";
import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { Environment, SharedValue, SignatureFinding } from "../environment";
import { VerificationBudget } from "../identity/verification-budget";
import { hashName } from "../policy/algorithm";
import { hasExpired, peerValidUntilMillis } from "./peer-validity";

const VERIFY_SIGNATURE = bytes("verify_signature");
const PEER_DIGEST = bytes("connection\0sha256_peer_certificate_digest");
const SOURCE_ADDRESS = bytes("source\0address");

/** The budgets of this worker: each worker has a VM, and so a module state, of its own. They outlive policies. */
const workerVerificationBudget = new VerificationBudget();
const workerProofBudget = new VerificationBudget();

/** The world as Envoy gives it: its clock, BoringSSL, and the environment variables of `host_env_keys`. */
export class EnvoyEnvironment extends Environment {
  constructor() {
    super(workerVerificationBudget, workerProofBudget);
  }

  nowMillis(): i64 {
    return <i64>(currentTimeNanos() / 1_000_000);
  }

  monotonicMicros(): i64 {
    return <i64>(monotonicNanos() / 1_000);
  }

  /**
   * Envoy's foreign function: a message of 1 hash name, 2 key, 3 signature, 4 text; the result is 1 bool. It knows RSA
   * PKCS #1 v1.5 and ECDSA over P-256, P-384 and P-521, neither PSS nor Ed25519.
   */
  verifySignature(algorithm: u32, spki: Uint8Array, signature: Uint8Array, text: Uint8Array): SignatureFinding {
    const hash = hashName(algorithm);
    if (hash.length == 0) return SignatureFinding.NotHere;
    if (spki.length == 0 || signature.length == 0) return SignatureFinding.Refused;
    const writer = new ProtobufWriter(spki.length + signature.length + text.length + 64);
    writer.bytes(1, hash).bytes(2, spki).bytes(3, signature).bytes(4, text);
    const answer = callForeignFunction(VERIFY_SIGNATURE, writer.finish());
    if (answer.status != Status.Ok) return SignatureFinding.Refused;
    const reader = new ProtobufReader(answer.result);
    let verified = false;
    for (let field = reader.next(); field != 0; field = reader.next()) if (field == 1) verified = reader.value == 1;
    return verified && !reader.malformed ? SignatureFinding.Verified : SignatureFinding.Refused;
  }

  sourceAddress(): Uint8Array {
    const address = getProperty(SOURCE_ADDRESS);
    return address === null ? new Uint8Array(0) : address;
  }

  peerCertificateDigest(): Uint8Array {
    const digest = getProperty(PEER_DIGEST);
    if (digest === null || hasExpired(peerValidUntilMillis(), this.nowMillis())) return new Uint8Array(0);
    return decodeHex(digest);
  }

  shared(key: Uint8Array): SharedValue | null {
    const found = getSharedData(key);
    return found.status == Status.Ok ? new SharedValue(found.value, found.cas) : null;
  }

  share(key: Uint8Array, value: Uint8Array, version: u32): bool {
    return setSharedData(key, value, version) == Status.Ok;
  }

  fillRandom(bytes: Uint8Array): bool {
    return fillRandom(bytes);
  }

  secret(name: Uint8Array): Uint8Array | null {
    return environmentVariable(name);
  }
}
