import { screenValue, worstEnd, worstStart } from "./screen/screen";
import { Value } from "./values/value";

/** At most so many windows go to the model in one call. */
const MAX_SUSPECTS = 16;

/** One form of a value as the screen saw it. */
export class Suspect {
  constructor(
    public readonly value: Value,
    /** Which of the value's forms. */
    public readonly form: i32,
    /** The window of the decoded form that carried the score, at most 256 bytes. */
    public readonly window: Uint8Array,
    /** The screen's score, millionths. */
    public readonly millionths: u32,
  ) {}
}

/** The values of one request that the screen finds worst, at most `MAX_SUSPECTS`, the worst first. */
export class Suspects {
  readonly worst: Suspect[] = [];

  get worstMillionths(): u32 {
    return this.worst.length > 0 ? this.worst[0].millionths : 0;
  }

  /** Screens every form of each value from index `from` on. */
  screen(values: Value[], from: i32): void {
    for (let i = from; i < values.length; i++) {
      const value = values[i];
      for (let j = 0; j < value.forms.length; j++) {
        const form = value.forms[j];
        if (form.length == 0) continue;
        const millionths = screenValue(form);
        if (this.worst.length == MAX_SUSPECTS && millionths <= this.worst[MAX_SUSPECTS - 1].millionths) continue;
        this.insert(new Suspect(value, j, form.subarray(worstStart(), worstEnd()), millionths));
      }
    }
  }

  private insert(suspect: Suspect): void {
    const worst = this.worst;
    if (worst.length == MAX_SUSPECTS) worst.pop();
    let at = worst.length;
    worst.push(suspect);
    while (at > 0 && worst[at - 1].millionths < suspect.millionths) {
      worst[at] = worst[at - 1];
      at--;
    }
    worst[at] = suspect;
  }
}
