import { decodePercent, decodePlus } from "../encoding/percent";
import { decodeBase64At, isBase64Text, MIN_BASE64_LENGTH } from "./base64-text";
import { Container, decodeForms, decodeFurther } from "./decode";
import { Forms, noDecodings } from "./forms";
import { ordinal } from "./ordinal";
import { Component, Value, ValueKind } from "./value";

/**
 * So many values of a request are looked at one by one; what is left of its head, of its body and of each compressed form
 * of it makes one more each.
 */
const SINGLE_VALUES = 510;
const NO_NAME = new Uint8Array(0);
const LINE_FEED: u8 = 0x0a;

/**
 * Takes the values of a request's head or body as they are found. From the limit on they are joined, a line each, decoded by their
 * container; what was base64 gets a second line. The joined text is then decoded like any other: nothing is dropped,
 * and no flood of tiny values costs more than its bytes. `finish` must be called once at the end.
 */
export class Collector {
  private rest: Uint8Array = new Uint8Array(0);
  private restLength: i32 = 0;
  private restComponent: Component = Component.Path;
  private restStart: i32 = 0;
  private restEnd: i32 = 0;
  /** Where the text that is read now lies; `spanEnd` ≥ 0: it came out of a decoder, and all of it has that range. */
  private origin: i32 = 0;
  private spanEnd: i32 = -1;

  constructor(
    private readonly out: Value[],
    /** Content codings that were undone before anything is read here, the outermost first. */
    private readonly codings: u8[] = noDecodings,
    /** Bytes of the body that they were undone from: with any, each value has all of it as its range. */
    private readonly codedLength: i32 = 0,
  ) {}

  /** From now on ranges count from `start` of the component. */
  readFrom(start: i32): void {
    this.readDecoded(start, -1);
  }

  /** From now on values lie in a text that was decoded from this range, and are given all of it. */
  readDecoded(start: i32, end: i32): void {
    this.origin = start;
    this.spanEnd = end;
  }

  get full(): bool {
    return this.out.length >= SINGLE_VALUES;
  }

  /** The raw value `start` to `end` of `source`, if it is not empty. */
  add(
    kind: ValueKind,
    component: Component,
    name: Uint8Array,
    source: Uint8Array,
    start: i32,
    end: i32,
    container: Container,
  ): void {
    if (end <= start) return;
    if (this.full) {
      this.addToRest(component, source, start, end, start, end, container);
      return;
    }
    const decoded = decodeForms(source.subarray(start, end), container, this.codings);
    this.out.push(new Value(kind, component, name, this.rangeStart(start), this.rangeEnd(end), decoded));
  }

  /** The name of a value that has none: its ordinal among its kind. Empty once it would not be kept. */
  number(index: i32): Uint8Array {
    return this.full ? NO_NAME : ordinal(index);
  }

  /** A value that its container has given already decoded; `applied` by what, -1: nothing worth telling. */
  addDecoded(
    kind: ValueKind,
    component: Component,
    name: Uint8Array,
    start: i32,
    end: i32,
    text: Uint8Array,
    applied: i32,
  ): void {
    if (text.length == 0) return;
    if (this.full) {
      this.addToRest(component, text, 0, text.length, start, end, Container.Raw);
      return;
    }
    const decoded = new Forms(this.codings);
    if (applied >= 0) decoded.apply(<u8>applied);
    decoded.add(text);
    decodeFurther(decoded);
    this.out.push(new Value(kind, component, name, this.rangeStart(start), this.rangeEnd(end), decoded));
  }

  finish(): void {
    if (this.restLength == 0) return;
    const decoded = decodeForms(this.rest.slice(0, this.restLength), Container.Raw, this.codings);
    this.out.push(new Value(ValueKind.Rest, this.restComponent, NO_NAME, this.restStart, this.restEnd, decoded));
  }

  private rangeStart(start: i32): i32 {
    if (this.codings.length > 0) return 0;
    return this.origin + (this.spanEnd < 0 ? start : 0);
  }

  private rangeEnd(end: i32): i32 {
    if (this.codings.length > 0) return this.codedLength;
    return this.spanEnd < 0 ? this.origin + end : this.spanEnd;
  }

  private addToRest(
    component: Component,
    source: Uint8Array,
    start: i32,
    end: i32,
    rawStart: i32,
    rawEnd: i32,
    container: Container,
  ): void {
    if (this.restLength == 0) {
      this.restComponent = component;
      this.restStart = this.rangeStart(rawStart);
    }
    if (component == this.restComponent) this.restEnd = this.rangeEnd(rawEnd);
    const at = this.restLength;
    this.append(source, start, end);
    if (container != Container.Raw) this.restLength = at + this.decodeRest(at, container);
    if (this.restLength - at >= MIN_BASE64_LENGTH && isBase64Text(this.rest, at, this.restLength)) {
      const stop = this.restLength;
      this.append(this.rest, at, stop);
      this.restLength = decodeBase64At(this.rest, stop + 1, this.restLength, stop + 1);
    }
  }

  private decodeRest(at: i32, container: Container): i32 {
    const text = this.rest.subarray(at, this.restLength);
    if (container == Container.PlusPercent) decodePlus(text, text.length);
    return decodePercent(text, text.length);
  }

  /** Appends a range, after a line feed unless it is the first. */
  private append(source: Uint8Array, start: i32, end: i32): void {
    const length = end - start;
    const needed = this.restLength + length + 1;
    if (needed > this.rest.length) {
      const grown = new Uint8Array(max(needed, this.rest.length * 2));
      memory.copy(grown.dataStart, this.rest.dataStart, this.restLength);
      if (source == this.rest) source = grown;
      this.rest = grown;
    }
    if (this.restLength > 0) this.rest[this.restLength++] = LINE_FEED;
    memory.copy(this.rest.dataStart + this.restLength, source.dataStart + start, length);
    this.restLength += length;
  }
}
