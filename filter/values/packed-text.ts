import { CBOR_BREAK, cborPieceEnd } from "../encoding/cbor-pieces";
import { isValidUtf8 } from "../encoding/utf8";
import { collectTextRuns } from "./binary-content";
import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { ValueKind } from "./value";

const NO_NAME = new Uint8Array(0);
/** Major types (RFC 8949, section 3.1). */
const CBOR_BYTES = 2;
const CBOR_TEXT = 3;

/**
 * The texts, names among them and however short, of MessagePack values that follow each other. Arrays and maps are heads
 * only: what they hold follows. Nothing behind what is no such value.
 */
export function collectMessagePack(collector: Collector, source: Source): void {
  const items = new PackedItems(collector, source);
  while (items.isOpen) {
    const head = items.number(1);
    if (head < 0xa0 || head >= 0xe0) continue;
    if (head < 0xc0) items.text(head & 0x1f);
    else if (head <= 0xc3) items.skip(head == 0xc1 ? -1 : 0);
    else if (head <= 0xc6) items.bytes(items.number(1 << (<i32>head - 0xc4)));
    else if (head <= 0xc9) items.bytes(items.number(1 << (<i32>head - 0xc7)) + 1);
    else if (head <= 0xcb) items.skip(head == 0xca ? 4 : 8);
    else if (head <= 0xd3) items.skip(1 << ((<i32>head - 0xcc) & 3));
    else if (head <= 0xd8) items.bytes((1 << (<i32>head - 0xd4)) + 1);
    else if (head <= 0xdb) items.text(items.number(1 << (<i32>head - 0xd9)));
    else items.skip((head & 1) == 0 ? 2 : 4);
  }
}

/**
 * The same of CBOR (RFC 8949); what has no definite length is joined from its pieces (section 3.2.3). False: something else is
 * among them, or they do not end.
 */
export function collectCbor(collector: Collector, source: Source): bool {
  const items = new PackedItems(collector, source);
  while (items.isOpen) {
    const head = <i32>items.number(1);
    const major = head >> 5;
    const size = head & 0x1f;
    if (size == 31) {
      if ((major == CBOR_BYTES || major == CBOR_TEXT) && !items.pieces(major)) return false;
      continue;
    }
    if (size > 27) items.skip(-1);
    const argument = size < 24 ? <i64>size : items.number(1 << (size - 24));
    if (major == CBOR_BYTES) items.bytes(argument);
    else if (major == CBOR_TEXT) items.text(argument);
  }
  return true;
}

/** Items of a body one after the other. Lengths that lead behind the end take what there is, and nothing follows. */
class PackedItems {
  private at: i32 = 0;

  constructor(
    private readonly collector: Collector,
    private readonly source: Source,
  ) {}

  get isOpen(): bool {
    return this.at < this.source.text.length;
  }

  /** Of so many bytes, big-endian; negative: there are not so many, or it is beyond any body. */
  number(size: i32): i64 {
    const text = this.source.text;
    if (size > text.length - this.at) {
      this.at = text.length;
      return -1;
    }
    let value: i64 = 0;
    for (let i = 0; i < size; i++) value = (value << 8) | unchecked(text[this.at + i]);
    this.at += size;
    return value;
  }

  /** Negative: nothing that follows is an item. */
  skip(length: i64): void {
    const left = <i64>(this.source.text.length - this.at);
    this.at += <i32>(length < 0 ? left : min(length, left));
  }

  text(length: i64): void {
    const start = this.at;
    this.skip(length);
    this.addText(this.source, start, this.at);
  }

  /** What says to be bytes may be taken for text. */
  bytes(length: i64): void {
    const start = this.at;
    this.skip(length);
    this.addBytes(this.source.within(start, this.at, Container.Raw));
  }

  /** Of a major type, up to the break that ends them. False: that is not what follows. */
  pieces(major: i32): bool {
    const text = this.source.text;
    const start = this.at;
    while (this.isOpen && unchecked(text[this.at]) != CBOR_BREAK) {
      const end = <i32>unchecked(text[this.at]) >> 5 == major ? cborPieceEnd(text, this.at) : -1;
      if (end < 0) return false;
      this.at = end;
    }
    if (!this.isOpen) return false;
    const content = this.source.within(start, this.at++, Container.CborPieces);
    if (major == CBOR_TEXT) this.addText(content, 0, content.text.length);
    else this.addBytes(content);
    return true;
  }

  private addText(source: Source, start: i32, end: i32): void {
    this.collector.add(ValueKind.Text, NO_NAME, source, start, end, Container.Raw);
  }

  private addBytes(content: Source): void {
    if (isValidUtf8(content.text)) this.addText(content, 0, content.text.length);
    else collectTextRuns(this.collector, ValueKind.Text, NO_NAME, content);
  }
}
