import { bytes, equal } from "proxy-wasm-as/bytes";
import { Collector } from "./collector";
import { Container } from "./container";
import { Duplicates } from "./duplicates";
import { collectGraphql } from "./graphql";
import { PairReader } from "./pair-reader";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { ValueKind } from "./value";

const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;
const QUERY = bytes("query");

/**
 * Name and value of each pair of a list (application/x-www-form-urlencoded), which may come in pieces. A part without `=`
 * is a value. A name is a value of its own where it is not plain, and where it is all there is: what base64 ends in looks
 * like an empty value. Values of one name are also given joined, as some frameworks do. All go by the name of their
 * `owner`, where they have one.
 */
export class Pairs {
  private readonly reader: PairReader;
  private count: i32 = 0;
  /** Past the last pair whose value was given by itself. */
  private single: i32 = 0;

  /** `start`: where the first one begins in `source`, which may grow between the calls. */
  constructor(
    public readonly collector: Collector,
    private readonly nameKind: ValueKind,
    private readonly valueKind: ValueKind,
    public readonly source: Source,
    private readonly start: i32,
    private readonly owner: Uint8Array | null = null,
  ) {
    this.reader = new PairReader(start);
  }

  /** Collects those behind which another has begun. */
  collectWhole(): void {
    const last = this.source.text.lastIndexOf(AMPERSAND);
    while (this.reader.next <= last) this.collectPair(last);
  }

  /** Collects what is left, once nothing more comes. */
  collectRest(): void {
    const end = this.source.text.length;
    while (this.reader.next < end) this.collectPair(end);
    this.collectDuplicates();
  }

  private collectPair(limit: i32): void {
    const collector = this.collector;
    const source = this.source;
    const text = source.text;
    const pair = this.reader;
    pair.read(text, limit);
    const number = this.count++;
    const owner = this.owner;
    const start = pair.start;
    const nameEnd = pair.nameEnd;
    const value = pair.value;
    const end = pair.end;
    if (nameEnd > start && (!isPlainName(text, start, nameEnd) || onlyEquals(text, value, end))) {
      const name = owner !== null ? owner : collector.number(number);
      collector.add(this.nameKind, name, source, start, nameEnd, Container.PlusPercent);
    }
    if (end == value) return;
    const name = owner !== null ? owner : collector.name(text, start, nameEnd);
    collector.add(this.valueKind, name, source, value, end, Container.PlusPercent);
    if (nameEnd == start || collector.full) return;
    this.single = end;
    if (equal(name, QUERY)) collectGraphql(collector, source.within(value, end, Container.PlusPercent), 0);
  }

  private collectDuplicates(): void {
    const text = this.source.text;
    const duplicates = new Duplicates(this.source);
    const pair = new PairReader(this.start);
    while (pair.next < this.single) {
      pair.read(text, this.single);
      if (pair.nameEnd > pair.start && pair.end > pair.value)
        duplicates.add(pair.start, pair.nameEnd, pair.value, pair.end);
    }
    duplicates.collect(this.collector, this.valueKind, this.owner);
  }
}

function onlyEquals(source: Uint8Array, start: i32, end: i32): bool {
  for (let i = start; i < end; i++) {
    if (unchecked(source[i]) != EQUALS) return false;
  }
  return true;
}
