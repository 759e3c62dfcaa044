const KEPT_BYTES = 1024 * 1024;
/** Up to here a loop is quicker than a call: of bytes, and of a text. */
const LOOP_BYTES_MOST = 12;
const LOOP_TEXT_MOST = 32;

const ZERO = 0x30;
const DOT = 0x2e;
const HEX = asciiBytes("0123456789abcdef");
/** Numbers below it are divided as integers. */
const INTEGER_MOST = 2 ** 31;
const DIGITS_MOST = 16;
/** Of ten. */
const POWERS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/** Bytes of a text that is all ASCII, as `LineBytes` takes them. */
export function asciiBytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/**
 * Where lines are put together, in memory of its own that is used again and again: what is made anew for each line or
 * batch, the collector pays for.
 */
export class LineBytes {
  readonly #kept: Buffer;
  #bytes: Buffer;
  #length = 0;

  constructor(kept = KEPT_BYTES) {
    this.#kept = Buffer.allocUnsafeSlow(kept);
    this.#bytes = this.#kept;
  }

  get length(): number {
    return this.#length;
  }

  /** Begins anew: what was put together before is good no longer. */
  clear(): void {
    this.#bytes = this.#kept;
    this.#length = 0;
  }

  /** A view. */
  from(start: number): Buffer {
    return this.#bytes.subarray(start, this.#length);
  }

  add(part: Uint8Array): this {
    const { length } = part;
    this.#makeRoom(length);
    const bytes = this.#bytes;
    let at = this.#length;
    if (length > LOOP_BYTES_MOST) bytes.set(part, at);
    else for (let index = 0; index < length; index++) bytes[at++] = part[index] as number;
    this.#length += length;
    return this;
  }

  byte(value: number): this {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  ascii(text: string): this {
    const { length } = text;
    this.#makeRoom(length);
    const bytes = this.#bytes;
    const at = this.#length;
    if (length > LOOP_TEXT_MOST) bytes.write(text, at, "latin1");
    else for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
    this.#length = at + length;
    return this;
  }

  /** UTF-8. */
  text(text: string): void {
    this.#makeRoom(Buffer.byteLength(text));
    this.#length += this.#bytes.write(text, this.#length);
  }

  hex(content: Uint8Array): this {
    const { length } = content;
    this.#makeRoom(2 * length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < length; index++) {
      const value = content[index] as number;
      bytes[at++] = HEX[value >> 4] as number;
      bytes[at++] = HEX[value & 15] as number;
    }
    this.#length = at;
    return this;
  }

  /** A whole number from 0 to 2^53, at least `digits` long (at most 6), with zeros before it. */
  uint(value: number, digits = 1): this {
    this.#makeRoom(DIGITS_MOST);
    let count = digits;
    for (let next = POWERS[digits] as number; value >= next; next *= 10) count++;
    const bytes = this.#bytes;
    const end = this.#length + count;
    let at = end;
    let rest = value;
    for (; rest >= INTEGER_MOST; at--) {
      const tenth = Math.floor(rest / 10);
      bytes[at - 1] = ZERO + (rest - 10 * tenth);
      rest = tenth;
    }
    for (let small = rest | 0; at > this.#length; at--) {
      const tenth = (small / 10) | 0;
      bytes[at - 1] = ZERO + (small - 10 * tenth);
      small = tenth;
    }
    this.#length = end;
    return this;
  }

  /** `value / 10^places` (at most 6) of a whole number below 2^32, as JSON.stringify writes it. */
  decimal(value: number, places: number): this {
    const scale = POWERS[places] as number;
    const whole = Math.floor(value / scale);
    this.uint(whole);
    let rest = value - whole * scale;
    if (rest === 0) return this;
    let digits = places;
    for (; rest % 10 === 0; digits--) rest /= 10;
    return this.byte(DOT).uint(rest, digits);
  }

  #makeRoom(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, needed));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
