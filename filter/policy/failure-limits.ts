import {
  ADDRESS_FAILURES_OFFSET,
  LIMIT_WINDOW_OFFSET,
  SUBJECT_FAILURES_OFFSET,
  TRUSTED_HOPS_OFFSET,
} from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

/** How many failures the policy takes of one client or subject. */
export class FailureLimits {
  private constructor(
    /** Proxies in front that append to `x-forwarded-for` and are believed. */
    readonly trustedHops: u32,
    /** So many within the window limit a client address. */
    readonly perAddress: u32,
    /** So many within the window limit a subject. */
    readonly perSubject: u32,
    readonly windowSeconds: u32,
  ) {}

  /** null: the policy limits nothing. */
  static read(blob: PolicyBlob): FailureLimits | null {
    const window = blob.word(LIMIT_WINDOW_OFFSET);
    if (window == 0) return null;
    return new FailureLimits(
      blob.word(TRUSTED_HOPS_OFFSET),
      blob.word(ADDRESS_FAILURES_OFFSET),
      blob.word(SUBJECT_FAILURES_OFFSET),
      window,
    );
  }
}
