import { bytes } from "proxy-wasm-as/bytes";
import { AssertionCache } from "../identity/assertion-cache";
import { proofSecret } from "../identity/proof-secret";
import { TokenCache } from "../identity/token-cache";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Connection, CoreEnvironment, Secret } from "./environment";
import { MessageReader } from "./message";

/** What one accepted policy brings with it: no token verified under one is believed under another. */
export class CoreGate {
  readonly tokens: TokenCache = new TokenCache();
  readonly assertions: AssertionCache = new AssertionCache();

  constructor(
    public readonly policy: CompiledPolicy,
    public readonly secrets: Secret[],
  ) {}
}

/** Later than any time, with room for an age. */
const FOREVER: i64 = 1 << 60;

const NONE = new Uint8Array(0);
const gates: Map<u32, CoreGate> = new Map();
let opened: u32 = 0;

/** The compiled policy, then a count of secrets, each environment variable's name and value → handle; 0: refused. */
export function openGate(message: Uint8Array): u32 {
  const reader = new MessageReader(message);
  const policy = CompiledPolicy.decode(reader.bytes());
  if (policy === null) return 0;
  // Nothing is synced here: what is given is all that there is, and current.
  policy.revocationsConfirmedMillis = FOREVER;
  const secrets: Secret[] = [];
  for (let left = reader.u32(); left > 0; left--) secrets.push(new Secret(reader.bytes(), reader.bytes()));
  gates.set(++opened, new CoreGate(policy, secrets));
  return opened;
}

/**
 * From now on, Unix milliseconds, proofs of possession are remembered: those made before could have been used. Without it
 * the first request with a proof begins it, and a proof that is a second old then is refused.
 */
export function rememberProofs(nowMillis: f64): void {
  proofSecret(new CoreEnvironment(<i64>nowMillis, true, [], new Connection(NONE, NONE)));
}

/** Why the last `openGate` gave 0. */
export function policyRefusal(): Uint8Array {
  return bytes(CompiledPolicy.refusal);
}

export function closeGate(handle: u32): void {
  gates.delete(handle);
}

export function findGate(handle: u32): CoreGate | null {
  return gates.has(handle) ? gates.get(handle) : null;
}
