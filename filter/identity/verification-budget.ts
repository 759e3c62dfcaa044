/**
 * Failed verifications that are paid for at once, and in each second: at 0.15 ms each, 0.15 s and 7.5% of a core. ES384 takes
 * 0.5 ms, ES512 1.2, RSA of 8192 bits up to 0.65.
 */
const BURST: i64 = 1000;
const REFILL_PER_SECOND: i64 = 500;
const THOUSANDTHS: i64 = 1000;

/**
 * Token bucket over failed signature verifications, so that a flood of forged tokens costs a bounded share of the worker.
 * Successes are free: who holds valid tokens is known. Kept in thousandths of a verification.
 */
export class VerificationBudget {
  private available: i64 = BURST * THOUSANDTHS;
  private refilledAtMillis: i64 = 0;

  /** Whether one more verification may be tried at `nowMillis`, best of a clock that is not set. */
  allows(nowMillis: i64): bool {
    const elapsed = nowMillis - this.refilledAtMillis;
    this.refilledAtMillis = nowMillis;
    // A clock that was set back refills nothing; one that leapt fills the bucket at most.
    if (elapsed > 0) {
      const refill = min(elapsed, (BURST * THOUSANDTHS) / REFILL_PER_SECOND) * REFILL_PER_SECOND;
      this.available = min(this.available + refill, BURST * THOUSANDTHS);
    }
    return this.available >= THOUSANDTHS;
  }

  /** A verification that `allows` let through has failed. */
  charge(): void {
    this.available -= THOUSANDTHS;
  }
}
