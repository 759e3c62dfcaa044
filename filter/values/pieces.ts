import { Container, decodeContainer } from "./container";
import { noDecodings } from "./forms";
import { JoinedText, withRoom } from "./joined-text";
import { Component, Source } from "./source";

/** What is kept of each piece, i32 each: its source, its raw range, its decoding. */
const PIECE_BYTES = 16;

/** Pieces of the texts of a request, each decoded as its place says, in one text with a separator between them. */
export class Pieces {
  /** Its parts are the pieces, by their order. */
  readonly joined: JoinedText;
  private table: Uint8Array = new Uint8Array(0);
  private readonly sources: Source[] = [];
  /** The range in its component from the first piece to the last one of the same component. */
  start: i32 = 0;
  end: i32 = 0;
  component: Component = Component.Path;

  constructor(separator: u8) {
    this.joined = new JoinedText(separator);
  }

  get isEmpty(): bool {
    return this.joined.count == 0;
  }

  /** The content codings under which the first piece was sent. */
  get codings(): u8[] {
    return this.sources.length == 0 ? noDecodings : this.sources[0].codings;
  }

  /** Gives what it is decoded to. */
  add(source: Source, from: i32, to: i32, container: Container): Uint8Array {
    const count = this.joined.count;
    if (count == 0) {
      this.component = source.component;
      this.start = source.startOf(from);
    }
    if (source.component == this.component) this.end = source.endOf(to);
    const sources = this.sources;
    if (sources.length == 0 || sources[sources.length - 1] !== source) sources.push(source);
    const raw = source.text.subarray(from, to);
    const text = container == Container.Raw ? raw : decodeContainer(raw, container, null);
    if (text.length == 0) return text;
    this.table = withRoom(this.table, count * PIECE_BYTES, PIECE_BYTES);
    const row = this.row(count);
    store<i32>(row, sources.length - 1);
    store<i32>(row, from, 4);
    store<i32>(row, to, 8);
    store<i32>(row, container, 12);
    this.joined.add(text.dataStart, text.length, count);
    return text;
  }

  sourceOf(piece: i32): Source {
    return this.sources[load<i32>(this.row(piece))];
  }

  fromOf(piece: i32): i32 {
    return load<i32>(this.row(piece), 4);
  }

  toOf(piece: i32): i32 {
    return load<i32>(this.row(piece), 8);
  }

  containerOf(piece: i32): Container {
    return load<i32>(this.row(piece), 12);
  }

  private row(piece: i32): usize {
    return this.table.dataStart + piece * PIECE_BYTES;
  }
}
