import { joinAwsChunks, looksAwsChunked } from "../encoding/aws-chunked";
import { inflateGzip, looksLikeGzip } from "../encoding/gzip";
import { InflateOutput } from "../encoding/inflate-output";
import { InflateStatus } from "../encoding/inflate-status";
import { inflateDeflate } from "../encoding/zlib";
import { MAX_CODINGS } from "./content-coding";
import { Decoding } from "./decoding";

/** Whatever a policy says, no body is inflated beyond this. */
export const MAX_INFLATED_BYTES: i32 = 256 * 1024;

export const enum LayersOutcome {
  Undone,
  /** A coding is not what it is said to be: nothing can be known of the content. */
  Opaque,
  /** All layers together inflate to more than the limit; `content` is what the content begins with, perhaps nothing. */
  TooLarge,
}

/** A body under its content codings, and what is under them. */
export class ContentLayers {
  outcome: LayersOutcome = LayersOutcome.Undone;
  content: Uint8Array;
  /** What was undone, the outermost first (`Decoding`). */
  readonly codings: u8[] = [];
  /** What each of them was undone from: first the body as it was sent. */
  readonly sources: Uint8Array[] = [];
  /** For each source the ranges in it of what stands beside the data, in gzip's headers and between chunks, start and end in turn. */
  readonly texts: i32[][] = [];
  private room: i32;

  /**
   * Undoes `codings`, given in the order in which they were applied, then gzip that nobody has declared, as far as it is
   * sound: an application may know it by its first bytes. `isCut`: `body` is only what the body begins with. All that is
   * inflated, layer by layer, counts against `limit`.
   */
  constructor(
    body: Uint8Array,
    codings: u8[],
    private isCut: bool,
    limit: i32,
  ) {
    this.content = body;
    this.room = min(limit, MAX_INFLATED_BYTES);
    let sound = true;
    for (let i = codings.length - 1; sound && i >= 0; i--) sound = this.undo(codings[i]);
    if (!sound) this.outcome = LayersOutcome.Opaque;
    while (sound && this.codings.length < MAX_CODINGS && looksLikeGzip(this.content)) {
      sound = this.undo(<u8>Decoding.Gzip);
    }
  }

  /** False, and nothing is changed: the content is not coded so. */
  private undo(coding: u8): bool {
    const source = this.content;
    const isChunked = coding == <u8>Decoding.AwsChunked;
    // S3 takes a body without chunks that is said to have some.
    if (isChunked && !looksAwsChunked(source)) return true;
    const output = new InflateOutput(this.room);
    const texts: i32[] = [];
    const isGzip = coding == <u8>Decoding.Gzip;
    let status: InflateStatus;
    if (isChunked) status = joinAwsChunks(source, output, texts);
    else status = isGzip ? inflateGzip(source, output, texts) : inflateDeflate(source, output, this.isCut);
    if (status == InflateStatus.Corrupt || (status == InflateStatus.Truncated && !this.isCut)) return false;
    if (status == InflateStatus.TooLarge) {
      this.outcome = LayersOutcome.TooLarge;
      this.isCut = true;
    }
    this.codings.push(coding);
    this.sources.push(source);
    this.texts.push(texts);
    this.content = output.copy();
    this.room -= this.content.length;
    return true;
  }
}
