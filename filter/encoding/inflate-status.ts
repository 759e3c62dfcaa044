/** How the reading of a compressed stream ended. */
export const enum InflateStatus {
  Complete,
  /** The input ends before the stream does. */
  Truncated,
  Corrupt,
  /** There is more than the output may hold. */
  TooLarge,
}
