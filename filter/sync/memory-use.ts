import { ProtobufWriter } from "../encoding/protobuf";
import { Environment } from "../environment";
import { AssertionCache } from "../identity/assertion-cache";
import { PROOF_BUCKETS, proofBytes } from "../identity/replay-window";
import { TokenCache } from "../identity/token-cache";
import { FAILURE_BUCKETS, failureBytes } from "../limits/failure-window";

/** Buckets that are looked at each time: all of them in some ten seconds, for microseconds each time. */
const BUCKETS_AT_ONCE: u32 = 32;

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

/** What the bounded memories of identity hold: those of this worker under one policy, and those that all workers share. */
export class MemoryUse {
  private readonly proofs: Round = new Round(PROOF_BUCKETS, proofBytes);
  private readonly failures: Round = new Round(FAILURE_BUCKETS, failureBytes);

  constructor(
    private readonly tokens: TokenCache,
    private readonly assertions: AssertionCache,
    private readonly environment: Environment,
  ) {}

  /** `postern.v1.MemoryUse`. */
  encode(): Uint8Array {
    this.proofs.goOn(this.environment);
    this.failures.goOn(this.environment);
    return new ProtobufWriter(48)
      .uint(1, this.tokens.size)
      .uint(2, this.tokens.byteLength)
      .uint(3, this.assertions.size)
      .uint(4, this.assertions.byteLength)
      .uint(5, this.proofs.bytes)
      .uint(6, this.failures.bytes)
      .finish();
  }
}
