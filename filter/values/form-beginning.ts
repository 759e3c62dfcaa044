import { looksLikeGzip } from "../encoding/gzip";
import { textStart } from "./body";
import { Charset, charsetsByLook, declaredCharsets } from "./charset";
import { Collector } from "./collector";
import { BodyFormat, bodyFormat } from "./content-type";
import { Pairs } from "./pairs";
import { Component, Source } from "./source";
import { Value, ValueKind } from "./value";

/** So many bytes more must have come before a body is looked at again. */
const STEP_BYTES: i32 = 16 * 1024;
/** Bytes that were looked at so for all streams of a VM that are not decided yet. */
const MAX_TOTAL: i32 = 2 * 1024 * 1024;
/** Byte order marks and gzip's first bytes are no longer. */
const TELLING_BYTES: i32 = 4;

let total: i32 = 0;

/**
 * The pairs of a form (application/x-www-form-urlencoded) that stand in what has come of a body: they are values of the
 * whole one, the first ones of it, so that when its last byte comes only the last pairs are left to be looked at. What any
 * other content is only the whole of it tells.
 */
export class FormBeginning {
  private readonly mayBegin: bool;
  private pairs: Pairs | null = null;
  private seen: i32 = 0;
  private taken: i32 = 0;

  /** `codings`: as of `RequestBody`; `limit`: bytes of a body that are inspected. */
  constructor(
    contentType: Uint8Array,
    codings: u8[] | null,
    private readonly limit: i32,
  ) {
    const charsets = declaredCharsets(contentType);
    this.mayBegin =
      codings !== null &&
      codings.length == 0 &&
      bodyFormat(contentType) == BodyFormat.Form &&
      (charsets | Charset.Ascii) == Charset.Ascii;
  }

  /** Whether the first `size` bytes of the body are worth a look. */
  wants(size: i32): bool {
    return this.mayBegin && size - this.seen >= STEP_BYTES && total + size <= MAX_TOTAL;
  }

  /** Adds the values that `bytes`, all that has come, have more than what was given before. */
  take(bytes: Uint8Array, out: Value[]): void {
    this.seen = bytes.length;
    this.taken += bytes.length;
    total += bytes.length;
    if (this.pairs === null && this.mayBegin) this.pairs = begin(bytes, out, this.limit);
    const pairs = this.pairs;
    if (pairs === null) return;
    pairs.source.grow(bytes);
    pairs.collectWhole();
  }

  /** The pairs of the whole body, those that were told before among them; null: none was. */
  pairsOf(body: Uint8Array): Pairs | null {
    const pairs = this.pairs;
    if (pairs !== null) pairs.source.grow(body);
    return pairs;
  }

  /** The request is decided. */
  release(): void {
    total -= this.taken;
    this.taken = 0;
    this.pairs = null;
  }
}

/** null: it begins as something that is not read as a form alone, or with too little to tell. */
function begin(bytes: Uint8Array, out: Value[], limit: i32): Pairs | null {
  const start = textStart(bytes);
  if (bytes.length < TELLING_BYTES || start == bytes.length || charsetsByLook(bytes, true) != 0 || looksLikeGzip(bytes))
    return null;
  const source = Source.of(Component.Body, bytes);
  return new Pairs(new Collector(out, limit), ValueKind.FormName, ValueKind.FormValue, source, start);
}
