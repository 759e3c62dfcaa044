import { Collector } from "./collector";
import { Container } from "./decode";
import { isWhitespace } from "./spacing";
import { Component, ValueKind } from "./value";

/**
 * The text between two tags as an application gets it: what stands around comments, CDATA marks and instructions is
 * joined, so that none of them cuts an attack in two. Goes by the name of the element that began last.
 */
export class XmlText {
  private joined: Uint8Array = new Uint8Array(0);
  private length: i32 = 0;
  private pieces: i32 = 0;
  private start: i32 = 0;
  private end: i32 = 0;
  private nameStart: i32 = 0;
  private nameEnd: i32 = 0;

  constructor(
    private readonly collector: Collector,
    private readonly body: Uint8Array,
  ) {}

  enter(start: i32, end: i32): void {
    this.nameStart = start;
    this.nameEnd = end;
  }

  /** A piece of text; gives whether it is blank. Blank pieces count only between others. */
  add(start: i32, end: i32): bool {
    let first = start;
    while (first < end && isWhitespace(unchecked(this.body[first]))) first += 1;
    if (first == end && this.pieces == 0) return true;
    if (start == end) return true;
    if (this.pieces == 0) {
      this.start = first;
    } else {
      if (this.joined.length == 0) this.joined = new Uint8Array(this.body.length);
      if (this.pieces == 1) this.join(this.start, this.end);
      this.join(start, end);
    }
    this.pieces += 1;
    this.end = end;
    return first == end;
  }

  /** A tag or the end: the text is complete. */
  flush(): void {
    if (this.pieces == 0) return;
    const name = this.body.subarray(this.nameStart, this.nameEnd);
    let end = this.end;
    if (this.pieces == 1) {
      while (end > this.start && isWhitespace(unchecked(this.body[end - 1]))) end -= 1;
      this.collector.add(ValueKind.XmlText, Component.Body, name, this.body, this.start, end, Container.Raw);
    } else {
      const text = this.joined.slice(0, this.length);
      this.collector.addDecoded(ValueKind.XmlText, Component.Body, name, this.start, end, text, -1);
    }
    this.pieces = 0;
    this.length = 0;
  }

  private join(start: i32, end: i32): void {
    memory.copy(this.joined.dataStart + this.length, this.body.dataStart + start, end - start);
    this.length += end - start;
  }
}
