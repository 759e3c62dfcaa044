import { equal } from "proxy-wasm-as/bytes";
import { clearBelow, screenValue, worstEnd, worstStart } from "./screen/screen";
import { CONTEXT_BYTES } from "./screen/worst-window";
import { Origin, originOf } from "./values/origin";
import { Value } from "./values/value";

/** At most so many windows go to the model in one call. */
const WINDOWS_PER_CALL = 16;
/** So many calls may follow each other for one request; what is left over then could not be inspected. */
const MAX_CALLS = 4;
const MAX_SUSPECTS = WINDOWS_PER_CALL * MAX_CALLS;
/** What is suspicious beside a form's worst window is looked at as well, by parts of so many bytes and a window's more. */
const PART_BYTES = 1024;
const SHARED_BYTES = 256;
/** At most so many different windows of a form are kept. */
const MAX_WINDOWS = 64;
/** So many bytes of a form of up to a quarter of it are screened again, of a longer one four times its own. */
const MIN_BYTES_AGAIN = 16384;
/** Classes of a form's length beside the shortest. */
const LENGTH_CLASSES: u8 = 5;
/** The screen is sure by itself of what is no longer than that: of a document some run is always suspicious. */
const SURE_BYTES = 256;

/** A window of one form of a value as the screen saw it. */
export class Suspect {
  constructor(
    public readonly value: Value,
    /** Which of the value's forms. */
    public readonly form: i32,
    /** At most 256 bytes of the decoded form, those that carried the score. */
    public readonly window: Uint8Array,
    /** The screen's score, millionths; half of it where the form is long, so that the model is asked. */
    public readonly millionths: u32,
  ) {}

  /** Whether the screen finds nothing in it, so that the model is asked only where it is asked about everything. */
  get isCleared(): bool {
    return this.millionths < clearBelow();
  }

  /**
   * 1 where the window begins where the decoded form does, plus 2 where it ends where that does, plus 4 for each of 64, 256,
   * 1,024, 4,096 and 16,384 bytes that the form is longer than.
   */
  get edges(): u8 {
    const form = this.value.forms[this.form];
    const start = this.window.dataStart - form.dataStart;
    let length: u8 = 0;
    for (let most = 64; most < form.length && length < LENGTH_CLASSES; most *= 4) length++;
    return u8(start == 0) | (u8(start + this.window.length == form.length) << 1) | (length << 2);
  }

  /** The smallest range of the request from which the window came. Linear: to be asked of what is recorded. */
  get origin(): Origin {
    const start = <i32>(this.window.dataStart - this.value.forms[this.form].dataStart);
    return originOf(this.value, this.form, start, start + this.window.length);
  }
}

/** What the screen finds worst in one request, the worst first; no window twice. */
export class Suspects {
  /** Of several windows of one form only those that the screen does not clear, beside the worst. */
  readonly worst: Suspect[] = [];
  /** Something that the screen does not clear found no room. */
  overflowed: bool = false;
  private asked: i32 = 0;

  get worstMillionths(): u32 {
    return this.worst.length > 0 ? this.worst[0].millionths : 0;
  }

  /** Screens every form of each value from index `from` on. */
  screen(values: Value[], from: i32): void {
    for (let i = from; i < values.length; i++) {
      const value = values[i];
      for (let j = 0; j < value.forms.length; j++) this.screenForm(value, j);
    }
  }

  /** The windows of the next call: those not yet asked about, unless the screen clears them; `all` keeps these too. */
  next(all: bool): Suspect[] {
    const start = this.asked;
    let end = min(start + WINDOWS_PER_CALL, this.worst.length);
    if (!all || start > 0) while (end > start && this.worst[end - 1].isCleared) end--;
    this.asked = end;
    return this.worst.slice(start, end);
  }

  private screenForm(value: Value, form: i32): void {
    const text = value.forms[form];
    if (text.length == 0) return;
    const millionths = scoreOf(text, screenValue(text));
    const from = worstStart();
    const to = worstEnd();
    const isNew = this.insert(new Suspect(value, form, text.subarray(from, to), millionths));
    if (millionths >= clearBelow()) this.lookBeside(value, form, from, to, <i32>isNew);
  }

  /** Looks at what stands beside the worst window of a form, `from` to `to`; `windows` of it are known. */
  private lookBeside(value: Value, form: i32, from: i32, to: i32, windows: i32): void {
    const text = value.forms[form];
    const starts: i32[] = [];
    const ends: i32[] = [];
    let bytesLeft = max(MIN_BYTES_AGAIN, 4 * text.length);
    leave(starts, ends, 0, text.length, from, to);
    while (starts.length > 0) {
      const start = starts.pop();
      const end = ends.pop();
      if (start >= end) continue;
      bytesLeft -= end - start;
      const millionths = scoreOf(text, screenValue(text.subarray(start, end)));
      if (millionths < clearBelow()) continue;
      from = start + worstStart();
      to = start + worstEnd();
      if (this.insert(new Suspect(value, form, text.subarray(from, to), millionths))) windows++;
      if (windows > MAX_WINDOWS || bytesLeft < 0) {
        this.overflowed = true;
        return;
      }
      leave(starts, ends, start, end, from, to);
    }
  }

  /** Whether it was not there yet. */
  private insert(suspect: Suspect): bool {
    const worst = this.worst;
    let at = worst.length;
    while (at > 0 && worst[at - 1].millionths < suspect.millionths) at--;
    for (let i = at - 1; i >= 0 && worst[i].millionths == suspect.millionths; i--) {
      if (equal(worst[i].window, suspect.window) && worst[i].edges == suspect.edges) return false;
    }
    if (worst.length == MAX_SUSPECTS) {
      const last = worst.pop();
      const dropped = at == MAX_SUSPECTS ? suspect : last;
      if (!dropped.isCleared) this.overflowed = true;
      if (at == MAX_SUSPECTS) {
        worst.push(last);
        return true;
      }
    }
    worst.push(suspect);
    for (let i = worst.length - 1; i > at; i--) worst[i] = worst[i - 1];
    worst[at] = suspect;
    return true;
  }
}

/** Of a form of which the screen says `screened`. */
function scoreOf(text: Uint8Array, screened: u32): u32 {
  return text.length > SURE_BYTES ? screened / 2 : screened;
}

/** Leaves what is still to be looked at of a range of a form whose worst window is `from` to `to`: its parts, or both sides. */
function leave(starts: i32[], ends: i32[], start: i32, end: i32, from: i32, to: i32): void {
  if (end - start > PART_BYTES + SHARED_BYTES) {
    for (let part = start; part < end; part += PART_BYTES) {
      starts.push(part);
      ends.push(min(part + PART_BYTES + SHARED_BYTES, end));
    }
    return;
  }
  if (from > start) {
    starts.push(start);
    ends.push(from + CONTEXT_BYTES);
  }
  if (to < end) {
    starts.push(to - CONTEXT_BYTES);
    ends.push(end);
  }
}
