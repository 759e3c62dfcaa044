import { Container, decodeContainer } from "./container";
import { noDecodings } from "./forms";
import { Component, Source } from "./source";

/** What is kept of each piece, i32 each: where it begins in the joined text, its source, its raw range, its decoding. */
const PIECE_BYTES = 20;

/** Pieces of the texts of a request, each decoded as its place says, in one text with a separator between them. */
export class Pieces {
  private buffer: Uint8Array = new Uint8Array(0);
  private length: i32 = 0;
  private table: Uint8Array = new Uint8Array(0);
  private count: i32 = 0;
  private readonly sources: Source[] = [];
  /** The range in its component from the first piece to the last one of the same component. */
  start: i32 = 0;
  end: i32 = 0;
  component: Component = Component.Path;

  constructor(private readonly separator: u8) {}

  get isEmpty(): bool {
    return this.count == 0;
  }

  /** The content codings under which the first piece was sent. */
  get codings(): u8[] {
    return this.sources.length == 0 ? noDecodings : this.sources[0].codings;
  }

  get text(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  add(source: Source, from: i32, to: i32, container: Container): void {
    if (this.count == 0) {
      this.component = source.component;
      this.start = source.startOf(from);
    }
    if (source.component == this.component) this.end = source.endOf(to);
    const sources = this.sources;
    if (sources.length == 0 || sources[sources.length - 1] !== source) sources.push(source);
    const raw = source.text.subarray(from, to);
    const text = container == Container.Raw ? raw : decodeContainer(raw, container, null);
    if (text.length == 0) return;
    this.buffer = withRoom(this.buffer, this.length, text.length + 1);
    if (this.length > 0) unchecked((this.buffer[this.length++] = this.separator));
    this.table = withRoom(this.table, this.count * PIECE_BYTES, PIECE_BYTES);
    const row = this.table.dataStart + this.count++ * PIECE_BYTES;
    store<i32>(row, this.length);
    store<i32>(row, sources.length - 1, 4);
    store<i32>(row, from, 8);
    store<i32>(row, to, 12);
    store<i32>(row, container, 16);
    memory.copy(this.buffer.dataStart + this.length, text.dataStart, text.length);
    this.length += text.length;
  }

  /** The piece in which a position of the text stands, a separator in the one before it. */
  pieceAt(position: i32): i32 {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.startOf(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return max(low - 1, 0);
  }

  startOf(piece: i32): i32 {
    return load<i32>(this.row(piece));
  }

  endOf(piece: i32): i32 {
    return piece + 1 < this.count ? this.startOf(piece + 1) - 1 : this.length;
  }

  sourceOf(piece: i32): Source {
    return this.sources[load<i32>(this.row(piece), 4)];
  }

  fromOf(piece: i32): i32 {
    return load<i32>(this.row(piece), 8);
  }

  toOf(piece: i32): i32 {
    return load<i32>(this.row(piece), 12);
  }

  containerOf(piece: i32): Container {
    return load<i32>(this.row(piece), 16);
  }

  private row(piece: i32): usize {
    return this.table.dataStart + piece * PIECE_BYTES;
  }
}

function withRoom(bytes: Uint8Array, length: i32, more: i32): Uint8Array {
  const needed = length + more;
  if (needed <= bytes.length) return bytes;
  const grown = new Uint8Array(max(needed, bytes.length * 2));
  memory.copy(grown.dataStart, bytes.dataStart, length);
  return grown;
}
