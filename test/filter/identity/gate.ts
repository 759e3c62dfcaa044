import { verifySignature } from "../../../inference-sidecar/src/keys/signature.ts";
import { ALGORITHMS, isPublic } from "../../../inference-sidecar/src/policy/algorithms.ts";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import type { Policy } from "../../../inference-sidecar/src/policy/policy.ts";
import { compileEntry } from "../../harness/compile-entry.ts";
import { type HeaderPair, serializePairs } from "../header-pairs.ts";
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
  "UNVERIFIABLE",
  "KEYS_UNAVAILABLE",
  "REVOKED",
  "REVOCATIONS_STALE",
  "CONFIRMATION",
  "CERTIFICATE",
  "UNBOUND",
  "DPOP_SCHEME",
  "DPOP_PROOF_MISSING",
  "DPOP_PROOF_MALFORMED",
  "DPOP_PROOF_KEY",
  "DPOP_PROOF_TARGET",
  "DPOP_PROOF_TOKEN",
  "DPOP_PROOF_TIME",
  "DPOP_NONCE",
  "DPOP_PROOF_SIGNATURE",
  "DPOP_PROOF_REPLAYED",
  "DPOP_REPLAY_WINDOW",
  "FLOOD_LIMIT",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  usePolicy(blob: number): number;
  authenticateRequest(pairs: number, presented: number, uri: number): number;
  subjectPart(part: number): number;
  acceptedUntilMillis(): bigint;
  claimFits(name: number, kind: number, text: number): number;
  cacheSize(): number;
  cacheBytes(): number;
  budgetAllows(millis: bigint): number;
  chargeBudget(): void;
  headerOutcome(json: number): number;
  isToken68(token: number): number;
  claimsAreWellFormed(payload: number): number;
  useCertificate(digest: number): void;
  raceWrites(lose: number): void;
  nonce(): number;
  bindings(): number;
  sharedBytes(): number;
  fail(party: number, windowSeconds: number): number;
  failures(party: number, windowSeconds: number): number;
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
      this.exports.authenticateRequest(give(serializePairs(headers)), Number(uri !== undefined), give(uri ?? "")),
    );
    const outcome = OUTCOMES[code];
    if (outcome === undefined) throw new RangeError(`no such outcome: ${code}`);
    return outcome;
  }

  /** Outcome of a bearer token. */
  judge(token: string): Outcome {
    return this.outcome([["authorization", `Bearer ${token}`]]);
  }

  /** Of the subject of the last `authenticate`; kind: index in `VALUE_KINDS`. */
  claimFits(name: string, kind: number, text: string): boolean {
    return this.call((give) => this.exports.claimFits(give(name), kind, give(text)) === 1);
  }

  headerOutcome(json: Uint8Array | string): Outcome | undefined {
    return this.call((give) => OUTCOMES[this.exports.headerOutcome(give(json))]);
  }

  isToken68(token: Uint8Array): boolean {
    return this.call((give) => this.exports.isToken68(give(token)) === 1);
  }

  claimsAreWellFormed(payload: Uint8Array | string): boolean {
    return this.call((give) => this.exports.claimsAreWellFormed(give(payload)) === 1);
  }

  /** SHA-256 of the client certificate of the connections to come; empty: none. */
  useCertificate(digest: Uint8Array): void {
    this.call((give) => this.exports.useCertificate(give(digest)));
  }

  /** Whether other workers are always faster with what workers share. */
  raceWrites(lose: boolean): void {
    this.exports.raceWrites(Number(lose));
  }

  /** Of the last request: the nonce that it is answered with, and how its token was bound (1 certificate, 2 proof). */
  get nonce(): string {
    return Buffer.from(this.exports.__getUint8Array(this.exports.nonce())).toString();
  }

  get bindings(): number {
    return this.exports.bindings();
  }

  get sharedBytes(): number {
    return this.exports.sharedBytes();
  }

  /** One more failure of a party that `limits` counts; gives all of its window. */
  fail(party: string, windowSeconds: number): number {
    return this.call((give) => this.exports.fail(give(party), windowSeconds));
  }

  failures(party: string, windowSeconds: number): number {
    return this.call((give) => this.exports.failures(give(party), windowSeconds));
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

  private verify([bit = 0, key, keyLength, signature, signatureLength, text, textLength]: number[]): number {
    this.verifications += 1;
    const algorithm = ALGORITHMS[Math.log2(bit)];
    if (algorithm === undefined || !isPublic(algorithm)) return 0;
    const bytes = [
      this.read(key, keyLength),
      this.read(signature, signatureLength),
      this.read(text, textLength),
    ] as const;
    return Number(verifySignature(algorithm, ...bytes));
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
