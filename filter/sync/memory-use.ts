import { ProtobufWriter } from "../encoding/protobuf";
import { Environment } from "../environment";
import { AssertionCache } from "../identity/assertion-cache";
import { PROOF_BUCKETS, proofBytes } from "../identity/replay-window";
import { TokenCache } from "../identity/token-cache";
import { FAILURE_BUCKETS, failureBytes } from "../limits/failure-window";

/** Buckets that are looked at with each call, 0.8 s after the one before where nothing is new: all of them in a quarter of a minute. */
const BUCKETS_AT_ONCE: u32 = 64;

/** Going round the buckets that all workers share. */
class Round {
  /** Bytes, by the last whole round. */
  bytes: u32 = 0;
  private sum: u32 = 0;
  private next: u32 = 0;

  constructor(
    private readonly buckets: u32,
    private readonly bytesOf: (environment: Environment, bucket: u32) => i32,
  ) {}

  goOn(environment: Environment): void {
    for (let i: u32 = 0; i < BUCKETS_AT_ONCE; i++) {
      this.sum += this.bytesOf(environment, this.next++);
      if (this.next < this.buckets) continue;
      this.bytes = this.sum;
      this.sum = 0;
      this.next = 0;
    }
  }
}

/** What the bounded memories of identity hold: those of this VM under all its policies, and those that all workers share. */
export class MemoryUse {
  private readonly proofs: Round = new Round(PROOF_BUCKETS, proofBytes);
  private readonly failures: Round = new Round(FAILURE_BUCKETS, failureBytes);
  private readonly tokens: TokenCache[] = [];
  private readonly assertions: AssertionCache[] = [];

  constructor(private readonly environment: Environment) {}

  /** From now on these count. */
  follow(tokens: TokenCache, assertions: AssertionCache): void {
    this.tokens.push(tokens);
    this.assertions.push(assertions);
  }

  leave(tokens: TokenCache): void {
    const index = this.tokens.indexOf(tokens);
    if (index < 0) return;
    this.tokens.splice(index, 1);
    this.assertions.splice(index, 1);
  }

  /** `postern.v1.MemoryUse`. */
  encode(): Uint8Array {
    this.proofs.goOn(this.environment);
    this.failures.goOn(this.environment);
    let tokens = 0;
    let tokenBytes = 0;
    let assertions = 0;
    let assertionBytes = 0;
    for (let i = 0; i < this.tokens.length; i++) {
      tokens += this.tokens[i].size;
      tokenBytes += this.tokens[i].byteLength;
      assertions += this.assertions[i].size;
      assertionBytes += this.assertions[i].byteLength;
    }
    const writer = new ProtobufWriter(48).uint(1, tokens).uint(2, tokenBytes).uint(3, assertions);
    return writer.uint(4, assertionBytes).uint(5, this.proofs.bytes).uint(6, this.failures.bytes).finish();
  }
}
