import { trace } from "../encoding/trace";

/** Shared by the many values that have one form, as it came: never pushed to. */
export const noDecodings: u8[] = [];
const noSteps: i32[] = [0];

/** The decoded forms of one value, as they grow: see `Value`. */
export class Forms {
  readonly forms: Uint8Array[] = [];
  /** Of `Decoding`. */
  decodings: u8[];
  steps: i32[] = noSteps;
  /** Which form is the most decoded one in which nothing is folded yet. */
  unfolded: i32 = 0;

  /** `before`: what was undone to get to the text in which the value stands. */
  constructor(private readonly before: u8[]) {
    this.decodings = before;
  }

  /** The most decoded form; there is one from the first `add` on. */
  get last(): Uint8Array {
    return this.forms[this.forms.length - 1];
  }

  /** A decoding that leads to the next form. */
  apply(decoding: u8): void {
    if (this.decodings === this.before) this.decodings = this.before.slice();
    this.decodings.push(decoding);
  }

  /** A form that all decodings applied so far have led to. */
  add(form: Uint8Array): void {
    if (this.decodings !== noDecodings) {
      if (this.steps === noSteps) this.steps = noSteps.slice(0, this.forms.length);
      this.steps.push(this.decodings.length);
    }
    this.forms.push(form);
    if (trace !== null) trace!.completeForm();
  }

  /** Leaves the first `count` forms, at least one, and what led to them. */
  cutTo(count: i32): void {
    const steps = this.steps.slice(0, count);
    this.decodings = this.decodings.slice(0, steps[count - 1]);
    this.steps = steps;
    this.forms.length = count;
    this.unfolded = min(this.unfolded, count - 1);
  }
}
