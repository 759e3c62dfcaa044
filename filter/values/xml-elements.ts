import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { ValueKind } from "./value";

/** The root, and its children one at a time. */
const LEVELS = 2;

/**
 * The text of an element with all tags in it removed, as most readers give it: child elements may cut an attack into
 * pieces that are none. Of the root and each of its children where it has several pieces: what stands deeper is in these,
 * and every byte is in two values at most.
 */
export class XmlElements {
  /** Of each level: where name and content of the element begin that is open, and how many pieces of text it has. */
  private readonly nameStarts: StaticArray<i32> = new StaticArray<i32>(LEVELS);
  private readonly nameEnds: StaticArray<i32> = new StaticArray<i32>(LEVELS);
  private readonly starts: StaticArray<i32> = new StaticArray<i32>(LEVELS);
  private readonly pieces: StaticArray<i32> = new StaticArray<i32>(LEVELS);

  constructor(
    private readonly collector: Collector,
    private readonly source: Source,
  ) {}

  /** The element `depth` deep begins: its name, and where its content does. */
  enter(depth: i32, nameStart: i32, nameEnd: i32, start: i32): void {
    if (depth >= LEVELS) return;
    this.nameStarts[depth] = nameStart;
    this.nameEnds[depth] = nameEnd;
    this.starts[depth] = start;
    this.pieces[depth] = 0;
  }

  /** There is text between two tags within so many elements. */
  addText(depth: i32): void {
    if (depth > 0) this.pieces[min(depth, LEVELS) - 1] += 1;
  }

  /** The content of the element `depth` deep ends. */
  leave(depth: i32, end: i32): void {
    if (depth >= LEVELS) return;
    const pieces = this.pieces[depth];
    // What the root has in one child alone is the value of that child.
    if (pieces > 0 && depth > 0) this.pieces[depth - 1] += 1;
    if (pieces < 2) return;
    const name = this.collector.name(this.source.text, this.nameStarts[depth], this.nameEnds[depth]);
    this.collector.add(ValueKind.XmlText, name, this.source, this.starts[depth], end, Container.XmlText);
  }
}
