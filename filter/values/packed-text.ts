import { isValidUtf8 } from "../encoding/utf8";
import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { collectTextRuns } from "./text-runs";
import { ValueKind } from "./value";

const NO_NAME = new Uint8Array(0);

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
 * The same of CBOR (RFC 8949). False: a text of indefinite length, whose pieces mean nothing each by itself.
 */
export function collectCbor(collector: Collector, source: Source): bool {
  const items = new PackedItems(collector, source);
  while (items.isOpen) {
    const head = <i32>items.number(1);
    const major = head >> 5;
    const size = head & 0x1f;
    if (size == 31) {
      if (major == 2 || major == 3) return false;
      continue;
    }
    if (size > 27) items.skip(-1);
    const argument = size < 24 ? <i64>size : items.number(1 << (size - 24));
    if (major == 2) items.bytes(argument);
    else if (major == 3) items.text(argument);
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
    this.collector.add(ValueKind.Text, NO_NAME, this.source, start, this.at, Container.Raw);
  }

  /** What says to be bytes may be taken for text. */
  bytes(length: i64): void {
    const start = this.at;
    this.skip(length);
    if (isValidUtf8(this.source.text.subarray(start, this.at))) {
      this.collector.add(ValueKind.Text, NO_NAME, this.source, start, this.at, Container.Raw);
    } else collectTextRuns(this.collector, ValueKind.Text, NO_NAME, this.source.within(start, this.at, Container.Raw));
  }
}
