import { jsonNumberEnd, jsonStringEnd, unescapeJson } from "./json-scan";

export enum JsonToken {
  /** Not JSON, or nested deeper than `MAX_JSON_DEPTH`; every further call gives this again. */
  Error,
  /** The text held exactly one value, and it was read. */
  End,
  BeginObject,
  EndObject,
  BeginArray,
  EndArray,
  /** A member's name; its colon is consumed. */
  Name,
  String,
  Number,
  True,
  False,
  Null,
}

export const MAX_JSON_DEPTH: i32 = 64;

enum Expected {
  Value,
  ValueOrEndArray,
  Name,
  NameOrEndObject,
  CommaOrEnd,
  Nothing,
  Failed,
}

/**
 * Pull reader for RFC 8259 over hostile bytes: one pass, no recursion, no copy, no trap. Well-formedness of UTF-8 is not
 * judged (see `isValidUtf8`), nor are duplicate names.
 */
export class JsonReader {
  /** Raw range of the last token in `source`; without the quotes for names and strings. */
  start: i32 = 0;
  end: i32 = 0;
  /** Whether the last name or string holds escapes. */
  escaped: bool = false;
  /** Objects and arrays that are open after the last token. */
  depth: i32 = 0;
  private expected: Expected = Expected.Value;
  /** Bit d - 1: the container at depth d is an object. */
  private objects: u64 = 0;

  /** `position`: where the text begins. */
  constructor(
    private readonly source: Uint8Array,
    private position: i32 = 0,
  ) {}

  /** Past the last token. */
  get nextPosition(): i32 {
    return this.position;
  }

  /** Whether the one value of the text was read; what follows it has not been looked at. */
  get complete(): bool {
    return this.expected == Expected.Nothing;
  }

  next(): JsonToken {
    this.skipWhitespace();
    const atEnd = this.position >= this.source.length;
    if (this.expected == Expected.Nothing) return atEnd ? JsonToken.End : this.fail();
    if (this.expected == Expected.Failed || atEnd) return this.fail();
    if (this.expected == Expected.CommaOrEnd) {
      const byte = this.peek();
      if (byte == 0x7d || byte == 0x5d) return this.endContainer(byte);
      if (byte != 0x2c) return this.fail();
      this.position += 1;
      this.expected = this.inObject() ? Expected.Name : Expected.Value;
      this.skipWhitespace();
      if (this.position >= this.source.length) return this.fail();
    }
    const byte = this.peek();
    if (this.expected == Expected.NameOrEndObject && byte == 0x7d) return this.endContainer(byte);
    if (this.expected == Expected.ValueOrEndArray && byte == 0x5d) return this.endContainer(byte);
    if (this.expected == Expected.Name || this.expected == Expected.NameOrEndObject) return this.readName();
    return this.readValue(byte);
  }

  /** Reads the next value whole, however deep; false: it is not well-formed, or none follows. */
  skip(): bool {
    const depth = this.depth;
    do {
      const token = this.next();
      if (token == JsonToken.Error || token == JsonToken.End) return false;
    } while (this.depth > depth);
    return true;
  }

  /** Reads to the end of the object or array that the last token began; false: it is not well-formed. */
  close(): bool {
    const depth = this.depth;
    do {
      const token = this.next();
      if (token == JsonToken.Error || token == JsonToken.End) return false;
    } while (this.depth >= depth);
    return true;
  }

  /**
   * The last token's bytes: of a name or string with escapes resolved to UTF-8 (a copy only if there were any), else raw.
   * An escaped lone surrogate becomes its three-byte form, which `isValidUtf8` refuses: no two texts become the same.
   */
  text(): Uint8Array {
    const raw = this.source.subarray(this.start, this.end);
    return this.escaped ? unescapeJson(raw) : raw;
  }

  private peek(): u32 {
    return unchecked(this.source[this.position]);
  }

  private inObject(): bool {
    return this.depth > 0 && ((this.objects >> <u64>(this.depth - 1)) & 1) == 1;
  }

  private fail(): JsonToken {
    this.expected = Expected.Failed;
    this.start = this.end = min(this.position, this.source.length);
    this.escaped = false;
    return JsonToken.Error;
  }

  private skipWhitespace(): void {
    const source = this.source;
    while (this.position < source.length) {
      const byte = unchecked(source[this.position]);
      if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return;
      this.position += 1;
    }
  }

  private readName(): JsonToken {
    if (this.peek() != 0x22 || !this.readString()) return this.fail();
    this.skipWhitespace();
    if (this.position >= this.source.length || this.peek() != 0x3a) return this.fail();
    this.position += 1;
    this.expected = Expected.Value;
    return JsonToken.Name;
  }

  private readValue(byte: u32): JsonToken {
    if (byte == 0x22) return this.readString() ? this.afterValue(JsonToken.String) : this.fail();
    if (byte == 0x7b) return this.beginContainer(true);
    if (byte == 0x5b) return this.beginContainer(false);
    // The words as little-endian u32: "true", "alse" (after the f), "null".
    if (byte == 0x74) return this.readWord(0x65757274, 0, JsonToken.True);
    if (byte == 0x66) return this.readWord(0x65736c61, 1, JsonToken.False);
    if (byte == 0x6e) return this.readWord(0x6c6c756e, 0, JsonToken.Null);
    const end = jsonNumberEnd(this.source, this.position);
    if (end < 0) return this.fail();
    this.take(end);
    return this.afterValue(JsonToken.Number);
  }

  private readString(): bool {
    const end = jsonStringEnd(this.source, this.position + 1);
    if (end == 0) return false;
    this.escaped = end < 0;
    this.start = this.position + 1;
    this.end = abs(end);
    this.position = this.end + 1;
    return true;
  }

  private readWord(word: u32, from: i32, token: JsonToken): JsonToken {
    const at = this.position + from;
    if (this.source.length - at < 4 || load<u32>(this.source.dataStart + at) != word) return this.fail();
    this.take(at + 4);
    return this.afterValue(token);
  }

  private take(end: i32): void {
    this.start = this.position;
    this.end = this.position = end;
    this.escaped = false;
  }

  private beginContainer(object: bool): JsonToken {
    if (this.depth >= MAX_JSON_DEPTH) return this.fail();
    const bit: u64 = (<u64>1) << (<u64>this.depth);
    this.objects = object ? this.objects | bit : this.objects & ~bit;
    this.depth += 1;
    this.take(this.position + 1);
    this.expected = object ? Expected.NameOrEndObject : Expected.ValueOrEndArray;
    return object ? JsonToken.BeginObject : JsonToken.BeginArray;
  }

  private endContainer(byte: u32): JsonToken {
    const object = this.inObject();
    if (object != (byte == 0x7d)) return this.fail();
    this.depth -= 1;
    this.take(this.position + 1);
    return this.afterValue(object ? JsonToken.EndObject : JsonToken.EndArray);
  }

  private afterValue(token: JsonToken): JsonToken {
    this.expected = this.depth == 0 ? Expected.Nothing : Expected.CommaOrEnd;
    return token;
  }
}
