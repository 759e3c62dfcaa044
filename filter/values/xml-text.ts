import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";

/**
 * The text between two tags as an application gets it: what stands around comments, CDATA marks and instructions is
 * joined, so that none of them cuts an attack in two. Goes by the name of the element that began last.
 */
export class XmlText {
  private pieces: i32 = 0;
  /** The text of the only piece. */
  private start: i32 = 0;
  private end: i32 = 0;
  /** From the first piece to the last, with the marks around them. */
  private outerStart: i32 = 0;
  private outerEnd: i32 = 0;
  private nameStart: i32 = 0;
  private nameEnd: i32 = 0;

  constructor(
    private readonly collector: Collector,
    private readonly source: Source,
  ) {}

  enter(start: i32, end: i32): void {
    this.nameStart = start;
    this.nameEnd = end;
  }

  /** A piece of text, with the marks around it; gives whether it is blank. Blank pieces count only between others. */
  add(start: i32, end: i32, outerStart: i32, outerEnd: i32): bool {
    const text = this.source.text;
    let first = start;
    while (first < end && isWhitespace(unchecked(text[first]))) first += 1;
    if (first == end && (this.pieces == 0 || start == end)) return true;
    if (this.pieces == 0) {
      this.start = first;
      this.outerStart = outerStart < start ? outerStart : first;
    }
    this.pieces += 1;
    this.end = end;
    this.outerEnd = outerEnd;
    return first == end;
  }

  /** A tag or the end: the text is complete. Gives whether there is any. */
  flush(): bool {
    if (this.pieces == 0) return false;
    const text = this.source.text;
    const name = this.collector.name(text, this.nameStart, this.nameEnd);
    if (this.pieces == 1) {
      while (this.end > this.start && isWhitespace(unchecked(text[this.end - 1]))) this.end -= 1;
      this.collector.add(ValueKind.XmlText, name, this.source, this.start, this.end, Container.Raw);
    } else {
      this.collector.add(ValueKind.XmlText, name, this.source, this.outerStart, this.outerEnd, Container.XmlText);
    }
    this.pieces = 0;
    return true;
  }
}
