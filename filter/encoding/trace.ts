/**
 * What passes of decoding replaced, so that a range of their result can be led back to what it came from. Nothing is
 * recorded but between `startTrace` and `endTrace`: a decoder asks once for each piece that it replaces.
 */
export class Trace {
  /** Four numbers a piece: its range in the text before the pass, and in the text after it. Ascending in both. */
  private readonly pieces: i32[] = [];
  /** For each pass where its pieces begin. */
  private readonly passes: i32[] = [];
  /** For each form that was completed how many passes led to it. */
  private readonly forms: i32[] = [];
  /** The last range that was led back. */
  start: i32 = 0;
  end: i32 = 0;

  beginPass(): void {
    this.passes.push(this.pieces.length);
  }

  completeForm(): void {
    this.forms.push(this.passes.length);
  }

  replaced(readStart: i32, readEnd: i32, writeStart: i32, writeEnd: i32): void {
    this.pieces.push(readStart);
    this.pieces.push(readEnd);
    this.pieces.push(writeStart);
    this.pieces.push(writeEnd);
  }

  /** Leads a range of a form back through all its passes, into `start` and `end`: the smallest that covers it. */
  leadBack(form: i32, start: i32, end: i32): void {
    this.start = start;
    this.end = end;
    if (start >= end) return;
    for (let pass = this.forms[form] - 1; pass >= 0; pass--) {
      const first = this.passes[pass];
      const last = pass + 1 < this.passes.length ? this.passes[pass + 1] : this.pieces.length;
      const lastByte = this.end - 1;
      this.start = this.origin(first, last, this.start, false);
      this.end = this.origin(first, last, lastByte, true);
    }
  }

  /** Where the byte at `position` came from: its first byte, or the one past its last. */
  private origin(first: i32, last: i32, position: i32, end: bool): i32 {
    const pieces = this.pieces;
    let low = first >> 2;
    let high = last >> 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (unchecked(pieces[middle * 4 + 2]) <= position) low = middle + 1;
      else high = middle;
    }
    const past = end ? 1 : 0;
    if (low * 4 == first) return position + past;
    const at = (low - 1) * 4;
    if (position < unchecked(pieces[at + 3])) return unchecked(pieces[at + past]);
    return unchecked(pieces[at + 1]) + (position - unchecked(pieces[at + 3])) + past;
  }
}

/** Set while decoding is traced. */
export let trace: Trace | null = null;

export function startTrace(): Trace {
  const started = new Trace();
  trace = started;
  return started;
}

/** What is replaced from now on is of one more pass. */
export function startPass(): void {
  if (trace !== null) trace!.beginPass();
}

export function endTrace(): void {
  trace = null;
}
