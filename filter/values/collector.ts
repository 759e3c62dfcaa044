import { JsonReader, JsonToken } from "../encoding/json";
import { ByteTrait, traitsOf } from "./byte-trait";
import { inflateValue } from "./compressed-value";
import { Container } from "./container";
import { plainContent } from "./data-url";
import { decodeForms, decodeParts } from "./decode";
import { Decoding } from "./decoding";
import { Forms } from "./forms";
import { mixedText } from "./mixed-base64";
import { ordinal } from "./ordinal";
import { packedJsonForm } from "./packed-json";
import { Pieces } from "./pieces";
import { isScatteredBase64 } from "./scattered-base64";
import { Source } from "./source";
import { isBinary } from "./text-runs";
import { Value, ValueKind } from "./value";

/**
 * So many values of a request are kept each by itself; what is left of its head, of its body and of each compressed form of
 * it makes one more each.
 */
const SINGLE_VALUES = 510;
/** So much may be unpacked of what the values of a head hold in compressed form, or in base64, all together. */
const INFLATED_BYTES = 64 * 1024;
const ESCAPES: u32 = ByteTrait.Percent | ByteTrait.Ampersand | ByteTrait.Backslash;
const NO_NAME = new Uint8Array(0);
const LINE_FEED: u8 = 0x0a;

/**
 * Takes the values of a request's head or body as they are found. From the limit on they are joined, a line each, each
 * decoded by itself: nothing is dropped, and no flood of tiny values costs more than its bytes. `finish` must be called once
 * at the end.
 */
export class Collector {
  private readonly rest: Pieces = new Pieces(LINE_FEED);
  /** Values hold more than there was room for. */
  overflowed: bool = false;

  /** `room`: bytes that may be unpacked of all values. */
  constructor(
    private readonly out: Value[],
    private room: i32 = INFLATED_BYTES,
  ) {}

  get full(): bool {
    return this.out.length >= SINGLE_VALUES;
  }

  /** The raw value `from` to `to` of a source, if it is not empty. */
  add(kind: ValueKind, name: Uint8Array, source: Source, from: i32, to: i32, container: Container): void {
    if (to <= from) return;
    if (!this.full) {
      this.push(kind, name, source, from, to, container);
      return;
    }
    const text = this.rest.add(source, from, to, container);
    this.unpack(kind, name, source, from, to, text, source.decodings, source.decodings.length);
    if (holdsEscape(text)) this.skipEscapes(kind, name, source, from, to, container, text);
  }

  /** A value in pieces; nothing where they would not be looked at by themselves: they are in the rest already. */
  addJoined(kind: ValueKind, name: Uint8Array, pieces: Pieces, container: Container): void {
    if (this.full) return;
    const source = Source.joined(pieces);
    this.push(kind, name, source, 0, source.text.length, container);
  }

  /** The name of a value that has none: its ordinal among its kind. Empty once it would not be kept. */
  number(index: i32): Uint8Array {
    return this.full ? NO_NAME : ordinal(index);
  }

  /** The name of a value, `from` to `to` of a text. Empty once it would not be kept. */
  name(text: Uint8Array, from: i32, to: i32): Uint8Array {
    return this.full ? NO_NAME : text.subarray(from, to);
  }

  finish(): void {
    if (this.rest.isEmpty) return;
    const source = Source.joined(this.rest);
    const decoded = new Forms(source.decodings.slice());
    const parts = decodeParts(this.rest.joined);
    for (let i = 0; i < parts.length; i++) decoded.add(parts[i].text);
    const end = source.text.length;
    this.out.push(new Value(ValueKind.Rest, NO_NAME, source, 0, end, Container.Raw, decoded, parts));
  }

  private push(kind: ValueKind, name: Uint8Array, source: Source, from: i32, to: i32, container: Container): void {
    const content = plainContent(source, from, to, container);
    if (content === null) this.pushForms(kind, name, source, from, to, container);
    else this.pushForms(kind, name, content, 0, content.text.length, Container.Raw);
  }

  private pushForms(kind: ValueKind, name: Uint8Array, source: Source, from: i32, to: i32, container: Container): void {
    const decoded = decodeForms(source.text.subarray(from, to), container, source.decodings);
    if (decoded.last.length == 0) return;
    const packed = packedJsonForm(decoded);
    if (packed > 0) {
      const text = decoded.forms[packed];
      const strings = source.inflated(text, decoded.decodings.slice(0, decoded.steps[packed]), from, to);
      decoded.cutTo(packed);
      this.out.push(new Value(kind, name, source, from, to, container, decoded));
      this.addStrings(kind, name, strings);
      return;
    }
    this.out.push(new Value(kind, name, source, from, to, container, decoded));
    const plain = decoded.unfolded;
    this.unpack(kind, name, source, from, to, decoded.forms[plain], decoded.decodings, decoded.steps[plain]);
    const first = decoded.forms[0];
    if (plain == 0) return;
    this.unpack(kind, name, source, from, to, first, decoded.decodings, decoded.steps[0]);
    if (holdsEscape(first)) this.skipEscapes(kind, name, source, from, to, container, first);
  }

  /** Each string of a text of JSON, under the name of the value that it was. */
  private addStrings(kind: ValueKind, name: Uint8Array, source: Source): void {
    const reader = new JsonReader(source.text);
    for (let token = reader.next(); token != JsonToken.End && token != JsonToken.Error; token = reader.next()) {
      if (token != JsonToken.String) continue;
      this.add(kind, name, source, reader.start, reader.end, reader.escaped ? Container.Json : Container.Raw);
    }
  }

  /**
   * Adds what lenient decoders of base64 make of a value, `text` as its place has it, in which something looks like an escape:
   * they skip its sign, so that undoing it takes digits away.
   */
  private skipEscapes(
    kind: ValueKind,
    name: Uint8Array,
    source: Source,
    from: i32,
    to: i32,
    container: Container,
    text: Uint8Array,
  ): void {
    if (!isScatteredBase64(text, text.length)) return;
    const whole = source.within(from, to, container);
    const content = whole.within(0, whole.text.length, Container.Base64);
    this.add(kind, name, content, 0, content.text.length, Container.Raw);
  }

  /**
   * Adds what a value holds in compressed form, or in base64 that no round has decoded; the first `steps` of `decodings` have
   * led to `value`.
   */
  private unpack(
    kind: ValueKind,
    name: Uint8Array,
    source: Source,
    from: i32,
    to: i32,
    value: Uint8Array,
    decodings: u8[],
    steps: i32,
  ): void {
    const inflated = inflateValue(name, value, this.room);
    const text = inflated === null ? mixedText(value) : inflated.text;
    if (text === null) return;
    // Each may hold more such values: so all together are bounded.
    if (text.length > this.room) {
      this.overflowed = true;
      return;
    }
    this.room -= text.length;
    const codings = decodings.slice(0, steps).concat([<u8>Decoding.Base64]);
    if (inflated !== null) {
      if (inflated.isCut) this.overflowed = true;
      codings.push(inflated.coding);
    }
    const content = source.inflated(text, codings, from, to);
    this.add(kind, name, content, 0, text.length, isBinary(text) ? Container.TextRuns : Container.Raw);
  }
}

/** Whether a byte is in it with which an escape begins. */
function holdsEscape(text: Uint8Array): bool {
  return (traitsOf(text, text.length) & ESCAPES) != 0;
}
