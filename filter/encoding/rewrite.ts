import { startPass, trace } from "./trace";
import { writeCodePoint } from "./utf8";

/**
 * One pass over a text in place, from left to right, in which nothing becomes longer: what every decoder does between
 * `rewrite` and `finish`. There is one at a time.
 */
class Rewrite {
  private text: Uint8Array = new Uint8Array(0);
  private length: i32 = 0;
  /** The next byte to look at, and where what it becomes goes: never behind it. */
  read: i32 = 0;
  write: i32 = 0;

  begin(text: Uint8Array, length: i32): Rewrite {
    this.text = text;
    this.length = length;
    this.read = 0;
    this.write = 0;
    startPass();
    return this;
  }

  /** Keeps everything up to the next byte that is one of the two; false: there is none. */
  seek(one: u8, other: u8): bool {
    const ones = i8x16.splat(<i8>one);
    const others = i8x16.splat(<i8>other);
    const data = this.text.dataStart;
    const length = this.length;
    let read = this.read;
    let write = this.write;
    while (read + 16 <= length) {
      const chunk = v128.load(data + read);
      if (v128.any_true(v128.or(i8x16.eq(chunk, ones), i8x16.eq(chunk, others)))) break;
      if (write != read) v128.store(data + write, chunk);
      read += 16;
      write += 16;
    }
    while (read < length) {
      const byte = load<u8>(data + read);
      if (byte == one || byte == other) break;
      store<u8>(data + write, byte);
      read += 1;
      write += 1;
    }
    this.read = read;
    this.write = write;
    return read < length;
  }

  /** Keeps everything up to the next lead byte of UTF-8, C0 and above; false: there is none. */
  seekLead(): bool {
    const leads = i8x16.splat(<i8>0xc0);
    const data = this.text.dataStart;
    const length = this.length;
    let read = this.read;
    let write = this.write;
    while (read + 16 <= length) {
      const chunk = v128.load(data + read);
      if (v128.any_true(i8x16.ge_u(chunk, leads))) break;
      if (write != read) v128.store(data + write, chunk);
      read += 16;
      write += 16;
    }
    while (read < length) {
      const byte = load<u8>(data + read);
      if (byte >= 0xc0) break;
      store<u8>(data + write, byte);
      read += 1;
      write += 1;
    }
    this.read = read;
    this.write = write;
    return read < length;
  }

  /** The next byte stays. */
  keep(): void {
    unchecked((this.text[this.write++] = unchecked(this.text[this.read++])));
  }

  keepUntil(end: i32): void {
    const size = end - this.read;
    const data = this.text.dataStart;
    if (this.write != this.read) memory.copy(data + this.write, data + this.read, size);
    this.read = end;
    this.write += size;
  }

  /** The next `size` bytes become one. */
  put(byte: u8, size: i32): void {
    if (trace !== null) trace!.replaced(this.read, this.read + size, this.write, this.write + 1);
    unchecked((this.text[this.write++] = byte));
    this.read += size;
  }

  /** The next `size` bytes become one character, which is no longer in UTF-8. */
  putPoint(codePoint: u32, size: i32): void {
    const next = writeCodePoint(codePoint, this.text, this.write);
    if (trace !== null) trace!.replaced(this.read, this.read + size, this.write, next);
    this.write = next;
    this.read += size;
  }

  /** The next `size` bytes go. */
  drop(size: i32): void {
    if (trace !== null) trace!.replaced(this.read, this.read + size, this.write, this.write);
    this.read += size;
  }

  /** Somebody else has done, and traced, what lies before `read`. */
  resume(read: i32, write: i32): void {
    this.read = read;
    this.write = write;
  }

  /** Keeps the rest and gives the new length; an unchanged one means unchanged bytes, unless some became others one by one. */
  finish(): i32 {
    if (this.write == this.read) return this.length;
    const rest = this.length - this.read;
    memory.copy(this.text.dataStart + this.write, this.text.dataStart + this.read, rest);
    const length = this.write + rest;
    this.read = this.length;
    this.write = length;
    return length;
  }
}

const pass = new Rewrite();

/** Begins a pass over the first `length` bytes of `text`. */
export function rewrite(text: Uint8Array, length: i32): Rewrite {
  return pass.begin(text, length);
}
