import { clearBelow, screenText, worstEnd, worstStart } from "./screen/screen";
import { CONTEXT_BYTES } from "./screen/worst-window";
import { decodingsOf } from "./values/decodings-of";
import { JoinedText } from "./values/joined-text";
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
    /** The range of it that is judged by itself: all of it, or one of its parts. */
    public readonly from: i32,
    public readonly to: i32,
    /** Its range in the form, at most 256 bytes, those that carried the score. */
    public readonly start: i32,
    public readonly end: i32,
    /** The screen's score, millionths; half of it where the form is long, so that the model is asked. */
    public readonly millionths: u32,
  ) {}

  get window(): Uint8Array {
    return this.value.forms[this.form].subarray(this.start, this.end);
  }

  /** Whether the screen finds nothing in it, so that the model is asked only where it is asked about everything. */
  get isCleared(): bool {
    return this.millionths < clearBelow();
  }

  /**
   * 1 where the window begins where what is judged by itself does, plus 2 where it ends where that does, plus 4 for each of
   * 64, 256, 1,024, 4,096 and 16,384 bytes that the form is longer than: all of it, since any part of it may be the worst.
   */
  get edges(): u8 {
    const length = this.value.lengthOf(this.form);
    let longer: u8 = 0;
    for (let most = 64; most < length && longer < LENGTH_CLASSES; most *= 4) longer++;
    return u8(this.start == this.from) | (u8(this.end == this.to) << 1) | (longer << 2);
  }

  /** The smallest range of the request from which the window came. Linear: to be asked of what is recorded. */
  get origin(): Origin {
    return originOf(this.value, this.form, this.start, this.end);
  }

  /** Of `Decoding`, those that led to the window. As much work as `origin`. */
  get decodings(): u8[] {
    return decodingsOf(this.value, this.form, this.start);
  }

  /** Whether the model would be asked the same of it. */
  equals(other: Suspect): bool {
    const size = this.end - this.start;
    if (other.end - other.start != size || memory.compare(this.at, other.at, size) != 0) return false;
    return other.edges == this.edges && other.value.kind == this.value.kind;
  }

  private get at(): usize {
    return this.value.forms[this.form].dataStart + this.start;
  }
}

/** Of the value that is screened, what the screen does not clear of each form. */
const unsure: Suspect[] = [];
/** Ranges of a form that are still to be looked at, while `lookBeside` runs. */
const starts: i32[] = [];
const ends: i32[] = [];

/** What the screen finds worst in one request, the worst first; no window twice. */
export class Suspects {
  /** Of several windows of one form only those that the screen does not clear, beside the worst. */
  readonly worst: Suspect[] = [];
  /** Something that the screen does not clear found no room. */
  overflowed: bool = false;
  private asked: i32 = 0;
  /** Of the form that is screened: so many of its bytes may be screened again, and so many more windows be kept. */
  private bytesLeft: i32 = 0;
  private windowsLeft: i32 = 0;

  get worstMillionths(): u32 {
    return this.worst.length > 0 ? this.worst[0].millionths : 0;
  }

  /** Screens every form of each value from index `from` on. */
  screen(values: Value[], from: i32): void {
    for (let i = from; i < values.length; i++) {
      const value = values[i];
      const parts = value.parts;
      if (parts === null) this.screenForms(value);
      else for (let j = 0; j < parts.length; j++) this.screenParts(value, j, parts[j]);
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

  /**
   * The worst of each form, then what stands beside it: first in the most decoded one, where an attack is plainest, and in
   * the others as long as all that is found has room.
   */
  private screenForms(value: Value): void {
    unsure.length = 0;
    for (let form = 0; form < value.forms.length; form++) {
      const length = value.forms[form].length;
      if (length == 0) continue;
      const suspect = suspectIn(value, form, 0, length, scoreOf(value, form, 0, length));
      this.insert(suspect);
      if (!suspect.isCleared) unsure.push(suspect);
    }
    for (let i = unsure.length - 1; i >= 0 && (i == unsure.length - 1 || !this.overflowed); i--) {
      this.beginForm(unsure[i].to);
      this.windowsLeft -= 1;
      this.lookBeside(unsure[i]);
    }
    unsure.length = 0;
  }

  private beginForm(length: i32): void {
    this.bytesLeft = max(MIN_BYTES_AGAIN, 4 * length);
    this.windowsLeft = MAX_WINDOWS;
  }

  /** Each by itself. There may be very many: of those that the screen clears only the worst is taken, and that where it clears all. */
  private screenParts(value: Value, form: i32, parts: JoinedText): void {
    let cleared: Suspect | null = null;
    let worstCleared: u32 = 0;
    let clearsAll = true;
    this.beginForm(value.forms[form].length);
    for (let part = 0; part < parts.count; part++) {
      const from = parts.startOf(part);
      const to = parts.endOf(part);
      if (from == to) continue;
      const millionths = scoreOf(value, form, from, to);
      if (millionths >= clearBelow()) {
        clearsAll = false;
        this.take(suspectIn(value, form, from, to, millionths));
      } else if (cleared === null || millionths > worstCleared) {
        worstCleared = millionths;
        cleared = suspectIn(value, form, from, to, millionths);
      }
    }
    if (clearsAll && cleared !== null) this.take(cleared);
  }

  private take(suspect: Suspect): void {
    if (this.insert(suspect)) this.windowsLeft -= 1;
    if (!suspect.isCleared) this.lookBeside(suspect);
  }

  /** Looks at what stands beside the worst window of what is judged by itself. */
  private lookBeside(suspect: Suspect): void {
    const value = suspect.value;
    const form = suspect.form;
    const from = suspect.from;
    const to = suspect.to;
    starts.length = 0;
    ends.length = 0;
    leave(from, to, suspect.start, suspect.end);
    while (starts.length > 0) {
      const start = starts.pop();
      const end = ends.pop();
      if (start >= end) continue;
      this.bytesLeft -= end - start;
      const millionths = scoreOf(value, form, start, end);
      if (millionths < clearBelow()) continue;
      const next = new Suspect(value, form, from, to, start + worstStart(), start + worstEnd(), millionths);
      if (this.insert(next)) this.windowsLeft -= 1;
      if (this.windowsLeft < 0 || this.bytesLeft < 0) {
        this.overflowed = true;
        return;
      }
      leave(start, end, next.start, next.end);
    }
  }

  /** Whether it was not there yet. */
  private insert(suspect: Suspect): bool {
    const worst = this.worst;
    let at = worst.length;
    while (at > 0 && worst[at - 1].millionths < suspect.millionths) at--;
    for (let i = at - 1; i >= 0 && worst[i].millionths == suspect.millionths; i--) {
      if (worst[i].equals(suspect)) return false;
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

/** What the screen says of a range of a form; it also sets the worst window. */
function scoreOf(value: Value, form: i32, from: i32, to: i32): u32 {
  const screened = screenText(value.forms[form].dataStart + from, to - from);
  return value.lengthOf(form) > SURE_BYTES ? screened / 2 : screened;
}

/** The worst window of what is judged by itself and was screened last. */
function suspectIn(value: Value, form: i32, from: i32, to: i32, millionths: u32): Suspect {
  return new Suspect(value, form, from, to, from + worstStart(), from + worstEnd(), millionths);
}

/** Leaves what is still to be looked at of a range of a form whose worst window is `from` to `to`: its parts, or both sides. */
function leave(start: i32, end: i32, from: i32, to: i32): void {
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
