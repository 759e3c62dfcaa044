import { bytes } from "proxy-wasm-as/bytes";
import { inflateGzip } from "../encoding/gzip";
import { InflateOutput } from "../encoding/inflate-output";
import { InflateStatus } from "../encoding/inflate-status";
import { inflateDeflate } from "../encoding/zlib";
import { collectBody } from "./body";
import { Collector } from "./collector";
import { Container } from "./container";
import { LayersOutcome, MAX_INFLATED_BYTES } from "./content-layers";
import { BodyFormat, bodyFormat, matchesAt, skipWhitespace } from "./content-type";
import { Decoding } from "./decoding";
import { collectCbor, collectMessagePack } from "./packed-text";
import { collectProtobuf } from "./protobuf-text";
import { RequestBody } from "./request-body";
import { Source } from "./source";
import { collectTextRuns } from "./text-runs";
import { ValueKind } from "./value";

const GRPC = bytes("application/grpc");
const GRPC_WEB_TEXT = bytes("application/grpc-web-text");
const CONNECT_STREAM = bytes("application/connect+");
const APPLICATION_JSON = bytes("application/json");
const NO_NAME = new Uint8Array(0);
/** A byte of flags, and the length, big-endian. */
const PREFIX_BYTES: i32 = 5;
const COMPRESSED: u8 = 1;
const EQUALS: u8 = 0x3d;

/** One message without a prefix. */
const protobufTypes: Uint8Array[] = [
  bytes("application/proto"),
  bytes("application/x-proto"),
  bytes("application/vnd.google.protobuf"),
  bytes("application/x-google-protobuf"),
];

/**
 * What the messages of a body hold, each inflated by itself where its prefix says so: gRPC ("Length-Prefixed-Message" of its
 * protocol over HTTP/2), gRPC-Web, streams of Connect; and a message of protocol buffers, MessagePack or CBOR alone.
 * Nothing of other bodies.
 */
export function collectMessages(collector: Collector, body: RequestBody, content: Source): LayersOutcome {
  const type = body.contentType;
  const start = skipWhitespace(type, 0);
  if (matchesAt(type, start, GRPC) || matchesAt(type, start, CONNECT_STREAM)) {
    if (!matchesAt(type, start, GRPC_WEB_TEXT)) return new Frames(collector, body, content).collect();
    const text = content.text;
    const padding = text.indexOf(EQUALS);
    // Base64 that ends more than once is read in more than one way.
    if (padding >= 0 && padding < text.length - 2) return LayersOutcome.Opaque;
    return new Frames(collector, body, content.within(0, text.length, Container.Base64)).collect();
  }
  for (let i = 0; i < protobufTypes.length; i++) {
    if (!matchesAt(type, start, protobufTypes[i])) continue;
    collectProtobuf(collector, content);
    return LayersOutcome.Undone;
  }
  const format = bodyFormat(type);
  if (format == BodyFormat.MessagePack) collectMessagePack(collector, content);
  const isRead = format != BodyFormat.Cbor || collectCbor(collector, content);
  return isRead ? LayersOutcome.Undone : LayersOutcome.Opaque;
}

/** The length-prefixed messages of one body. */
class Frames {
  private room: i32;
  private readonly isJson: bool;

  constructor(
    private readonly collector: Collector,
    private readonly body: RequestBody,
    private readonly content: Source,
  ) {
    this.room = min(body.limit, MAX_INFLATED_BYTES);
    this.isJson = bodyFormat(body.contentType) == BodyFormat.Json;
  }

  collect(): LayersOutcome {
    const text = this.content.text;
    for (let at = 0; at < text.length; ) {
      if (text.length - at < PREFIX_BYTES) return this.cutOff();
      const start = at + PREFIX_BYTES;
      const length = bswap<u32>(load<u32>(text.dataStart + at, 1));
      const isWhole = length <= <u32>(text.length - start);
      const end = isWhole ? start + <i32>length : text.length;
      const outcome = (text[at] & COMPRESSED) != 0 ? this.inflated(start, end, isWhole) : this.plain(start, end);
      if (outcome != LayersOutcome.Undone) return outcome;
      if (!isWhole) return this.cutOff();
      at = end;
    }
    return LayersOutcome.Undone;
  }

  /** The body ends within a message. */
  private cutOff(): LayersOutcome {
    return this.body.isCut ? LayersOutcome.Undone : LayersOutcome.Opaque;
  }

  private plain(start: i32, end: i32): LayersOutcome {
    return this.message(this.content.within(start, end, Container.Raw));
  }

  private inflated(start: i32, end: i32, isWhole: bool): LayersOutcome {
    const coding = this.body.messageCoding;
    const source = this.content.text.subarray(start, end);
    const output = new InflateOutput(this.room);
    let status = InflateStatus.Corrupt;
    if (coding == Decoding.Gzip) status = inflateGzip(source, output, []);
    else if (coding == Decoding.Deflate) status = inflateDeflate(source, output, !isWhole);
    if (status == InflateStatus.Corrupt || (status == InflateStatus.Truncated && isWhole)) return LayersOutcome.Opaque;
    const text = output.copy();
    this.room -= text.length;
    const codings = this.content.codings.concat([<u8>coding]);
    const outcome = this.message(this.content.inflated(text, codings, start, end));
    return status == InflateStatus.TooLarge ? LayersOutcome.TooLarge : outcome;
  }

  private message(source: Source): LayersOutcome {
    if (this.isJson)
      return collectBody(this.collector, APPLICATION_JSON, source, 0) ? LayersOutcome.Undone : LayersOutcome.Opaque;
    if (!collectProtobuf(this.collector, source)) collectTextRuns(this.collector, ValueKind.Text, NO_NAME, source);
    return LayersOutcome.Undone;
  }
}
