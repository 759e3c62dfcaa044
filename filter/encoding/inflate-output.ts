/** Copies may write so many bytes past the limit. */
const SLACK_BYTES: i32 = 8;

/** Grows to the largest limit seen and is used again: what is kept of it is copied out. */
let workspace = new Uint8Array(0);

/** What was inflated so far: also the window into which later matches point back. One at a time: all share their room. */
export class InflateOutput {
  readonly bytes: Uint8Array;
  length: i32 = 0;
  /** No match reaches back beyond this: where the stream that is being read began. */
  start: i32 = 0;

  constructor(
    /** No more bytes than this are written. */
    public readonly limit: i32,
  ) {
    if (workspace.length < limit + SLACK_BYTES) workspace = new Uint8Array(limit + SLACK_BYTES);
    this.bytes = workspace;
  }

  /** A copy, exactly as long as what was inflated. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
