const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const COLON: u8 = 0x3a;
const COMMA: u8 = 0x2c;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;
const HEX = "0123456789abcdef";

/** Writes one JSON object (RFC 8259) into bytes; texts are well-formed UTF-8. */
export class JsonWriter {
  private buffer: Uint8Array = new Uint8Array(512);
  private length: i32 = 0;
  private isFirst: bool = true;

  constructor() {
    this.put(OPEN);
  }

  text(name: Uint8Array, value: Uint8Array): void {
    this.name(name);
    this.quoted(value);
  }

  /** `json`: a value as it is to stand. */
  value(name: Uint8Array, json: Uint8Array): void {
    this.name(name);
    this.append(json, 0, json.length);
  }

  /** A view of the object; nothing can follow. */
  finish(): Uint8Array {
    this.put(CLOSE);
    return this.buffer.subarray(0, this.length);
  }

  private name(name: Uint8Array): void {
    if (!this.isFirst) this.put(COMMA);
    this.isFirst = false;
    this.quoted(name);
    this.put(COLON);
  }

  private quoted(text: Uint8Array): void {
    this.put(QUOTE);
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const byte = unchecked(text[i]);
      if (byte >= 0x20 && byte != QUOTE && byte != BACKSLASH) continue;
      this.append(text, from, i);
      from = i + 1;
      if (byte < 0x20) {
        this.escapeControl(byte);
      } else {
        this.put(BACKSLASH);
        this.put(byte);
      }
    }
    this.append(text, from, text.length);
    this.put(QUOTE);
  }

  private escapeControl(byte: u8): void {
    this.put(BACKSLASH);
    this.put(0x75);
    this.put(0x30);
    this.put(0x30);
    this.put(<u8>HEX.charCodeAt(byte >> 4));
    this.put(<u8>HEX.charCodeAt(byte & 15));
  }

  private append(bytes: Uint8Array, start: i32, end: i32): void {
    const length = end - start;
    this.reserve(length);
    memory.copy(this.buffer.dataStart + this.length, bytes.dataStart + start, length);
    this.length += length;
  }

  private put(byte: u8): void {
    this.reserve(1);
    unchecked((this.buffer[this.length++] = byte));
  }

  private reserve(more: i32): void {
    const needed = this.length + more;
    if (needed <= this.buffer.length) return;
    const larger = new Uint8Array(max(needed, this.buffer.length * 2));
    memory.copy(larger.dataStart, this.buffer.dataStart, this.length);
    this.buffer = larger;
  }
}
