import { createPublicKey, verify as verifyWithKey } from "node:crypto";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import type { Policy } from "../../../inference-sidecar/src/policy/policy.ts";
import { compileEntry } from "../../harness/compile-entry.ts";
import { SECRET, SECRET_NAME } from "./keys.ts";

/** Codes of filter/identity/token-outcome.ts, in order. */
export const OUTCOMES = [
  "ABSENT",
  "VALID",
  "MALFORMED",
  "ALGORITHM",
  "EMBEDDED_KEY",
  "CRITICAL",
  "ISSUER",
  "KEY",
  "SIGNATURE",
  "EXPIRED",
  "NOT_YET_VALID",
  "ISSUED_IN_FUTURE",
  "AUDIENCE",
  "VERIFICATION_BUDGET",
] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type HeaderPair = readonly [name: string, value: string | Uint8Array];

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  usePolicy(blob: number): number;
  authenticateRequest(pairs: number, presented: number, uri: number): number;
  subjectPart(part: number): number;
  acceptedUntilMillis(): bigint;
  claimEquals(name: number, kind: number, text: number): number;
  cacheSize(): number;
  cacheBytes(): number;
  budgetAllows(millis: bigint): number;
  chargeBudget(): void;
  headerOutcome(json: number): number;
  claimsAreWellFormed(payload: number): number;
}

export interface Identity {
  readonly outcome: Outcome;
  readonly issuer: string;
  readonly subject: string;
  readonly scopes: string[];
  readonly claims: string;
  readonly workload: string;
}

/** The compiled identity stage with a clock that the test sets and signatures that Node verifies. */
export class Gate {
  /** Unix milliseconds; the monotonic clock follows it. */
  now = 1_800_000_000_000;
  /** Calls of `Environment.verifySignature` so far. */
  verifications = 0;
  /** Environment variables. */
  readonly secrets = new Map([[SECRET_NAME, SECRET]]);
  private calls = 0;
  /** Pinned arguments of the last call. */
  private readonly given: number[] = [];

  private readonly exports: Awaited<ReturnType<typeof compileEntry<Exports>>>["exports"];

  private constructor(compiled: Awaited<ReturnType<typeof compileEntry<Exports>>>) {
    this.exports = compiled.exports;
  }

  static async start(policy: Policy): Promise<Gate> {
    let gate: Gate | undefined;
    const running = () => {
      if (gate === undefined) throw new Error("called before the module was there");
      return gate;
    };
    const compiled = await compileEntry<Exports>("test/filter/entries/identity-entry.ts", {
      "identity-host": {
        nowMillis: () => BigInt(running().now),
        monotonicMicros: () => BigInt(running().now) * 1000n,
        verify: (...at: number[]) => running().verify(at),
        secret: (name: number, length: number, out: number) => running().secret(name, length, out),
      },
    });
    gate = new Gate(compiled);
    if (!gate.usePolicy(policy)) throw new Error("the policy was refused");
    return gate;
  }

  /** From here on this policy, with a new cache. */
  usePolicy(policy: Policy): boolean {
    return this.call((give) => this.exports.usePolicy(give(compilePolicy(policy).blob)) === 1);
  }

  authenticate(headers: readonly HeaderPair[], uri?: string): Identity {
    const outcome = this.outcome(headers, uri);
    const part = (index: number) =>
      Buffer.from(this.exports.__getUint8Array(this.exports.subjectPart(index))).toString();
    const [issuer, subject, scopes, claims, workload] = [part(0), part(1), part(2), part(3), part(4)];
    return { outcome, issuer, subject, scopes: scopes.split("\n").slice(0, -1), claims, workload };
  }

  outcome(headers: readonly HeaderPair[], uri?: string): Outcome {
    const code = this.call((give) =>
      this.exports.authenticateRequest(give(serialize(headers)), Number(uri !== undefined), give(uri ?? "")),
    );
    const outcome = OUTCOMES[code];
    if (outcome === undefined) throw new RangeError(`no such outcome: ${code}`);
    return outcome;
  }

  /** Outcome of a bearer token. */
  judge(token: string): Outcome {
    return this.outcome([["authorization", `Bearer ${token}`]]);
  }

  /** Of the subject of the last `authenticate`; kind 0 string, 1 number, 2 boolean. */
  claimEquals(name: string, kind: number, text: string): boolean {
    return this.call((give) => this.exports.claimEquals(give(name), kind, give(text)) === 1);
  }

  headerOutcome(json: Uint8Array | string): Outcome | undefined {
    return this.call((give) => OUTCOMES[this.exports.headerOutcome(give(json))]);
  }

  claimsAreWellFormed(payload: Uint8Array | string): boolean {
    return this.call((give) => this.exports.claimsAreWellFormed(give(payload)) === 1);
  }

  get acceptedUntilMillis(): number {
    return Number(this.exports.acceptedUntilMillis());
  }

  get cacheSize(): number {
    return this.exports.cacheSize();
  }

  get cacheBytes(): number {
    return this.exports.cacheBytes();
  }

  budgetAllows(millis: number): boolean {
    return this.exports.budgetAllows(BigInt(millis)) === 1;
  }

  chargeBudget(): void {
    this.exports.chargeBudget();
  }

  /**
   * Runs `work`, which may give bytes to the module. They stay until the next call and are then overwritten, as the host
   * reuses the memory of a request: what outlives a request must have been copied.
   */
  private call<T>(work: (give: (bytes: Uint8Array | string) => number) => T): T {
    for (const pointer of this.given.splice(0)) {
      this.exports.__getUint8ArrayView(pointer).fill(0x2e);
      this.exports.__unpin(pointer);
    }
    this.calls += 1;
    if (this.calls % 256 === 0) this.exports.__collect();
    const give = (bytes: Uint8Array | string) => {
      const source = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
      const pointer = this.exports.__pin(this.exports.__newArray(Number(this.exports.Uint8Array_ID.valueOf()), source));
      this.given.push(pointer);
      return pointer;
    };
    return work(give);
  }

  private verify([hash, key, keyLength, signature, signatureLength, text, textLength]: number[]): number {
    this.verifications += 1;
    if (hash !== 256) return 0;
    const publicKey = createPublicKey({ key: this.read(key, keyLength), format: "der", type: "spki" });
    return Number(
      verifyWithKey("sha256", this.read(text, textLength), publicKey, this.read(signature, signatureLength)),
    );
  }

  private secret(name: number, length: number, out: number): number {
    const value = this.secrets.get(this.read(name, length).toString());
    if (value === undefined) return -1;
    Buffer.from(this.exports.memory.buffer).set(value, out);
    return value.length;
  }

  private read(at = 0, length = 0): Buffer {
    return Buffer.from(Buffer.from(this.exports.memory.buffer, at, length));
  }
}

/** Header pairs as the host serializes them (Proxy-Wasm ABI 0.2.1). */
function serialize(headers: readonly HeaderPair[]): Buffer {
  const pairs = headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value as string)] as const);
  const lengths = Buffer.alloc(4 + pairs.length * 8);
  lengths.writeUInt32LE(pairs.length, 0);
  for (const [index, [name, value]] of pairs.entries()) {
    lengths.writeUInt32LE(name.length, 4 + index * 8);
    lengths.writeUInt32LE(value.length, 8 + index * 8);
  }
  const nul = Buffer.alloc(1);
  return Buffer.concat([lengths, ...pairs.flatMap(([name, value]) => [name, nul, value, nul])]);
}
