import { bytes } from "proxy-wasm-as/bytes";
import { inflateGzip } from "../encoding/gzip";
import { InflateOutput } from "../encoding/inflate-output";
import { InflateStatus } from "../encoding/inflate-status";
import { inflateDeflate } from "../encoding/zlib";
import { isAlphabetDigit } from "./base64-text";
import { collectTextRuns } from "./binary-content";
import { collectBody } from "./body";
import { Charset, declaredCharsets } from "./charset";
import { Collector } from "./collector";
import { Container } from "./container";
import { MAX_INFLATED_BYTES } from "./content-layers";
import { BodyFormat, bodyFormat, matchesAt, skipWhitespace } from "./content-type";
import { Decoding } from "./decoding";
import { collectCbor, collectMessagePack } from "./packed-text";
import { collectProtobuf, isBareMessage } from "./protobuf-text";
import { RequestBody } from "./request-body";
import { Source } from "./source";
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

export const enum MessagesOutcome {
  /** A body of another type, or one that can be read in another way too. */
  NotAlone,
  /** Messages were all there is to it. */
  Whole,
  /** In a coding in which nothing is seen. */
  Opaque,
  /** Inflated it is over the limit. */
  TooLarge,
}

/**
 * What the messages of a body hold, each inflated by itself where its prefix says so: gRPC ("Length-Prefixed-Message" of its
 * protocol over HTTP/2), gRPC-Web, streams of Connect; and MessagePack or CBOR alone.
 * Nothing of other bodies.
 */
export function collectMessages(collector: Collector, body: RequestBody, content: Source): MessagesOutcome {
  const type = body.contentType;
  const start = skipWhitespace(type, 0);
  if (matchesAt(type, start, GRPC) || matchesAt(type, start, CONNECT_STREAM)) {
    const asItCame = content.parent === null;
    if (!matchesAt(type, start, GRPC_WEB_TEXT)) return new Frames(collector, body, content, asItCame).collect();
    const text = content.text;
    const padding = text.indexOf(EQUALS);
    // Base64 that ends more than once is read in more than one way.
    if (padding >= 0 && padding < text.length - 2) return MessagesOutcome.Opaque;
    const messages = content.within(0, text.length, Container.Base64);
    return new Frames(collector, body, messages, asItCame && isDigitsAlone(text, padding)).collect();
  }
  const format = bodyFormat(type);
  if (format == BodyFormat.MessagePack) collectMessagePack(collector, content);
  const isRead = format != BodyFormat.Cbor || collectCbor(collector, content);
  return isRead ? MessagesOutcome.NotAlone : MessagesOutcome.Opaque;
}

/** Whether nothing but digits of base64 stands before its padding, which begins at `padding`, -1 where there is none. */
function isDigitsAlone(text: Uint8Array, padding: i32): bool {
  const end = padding < 0 ? text.length : padding;
  for (let i = 0; i < end; i++) if (!isAlphabetDigit(unchecked(text[i]))) return false;
  return true;
}

/** The length-prefixed messages of one body. */
class Frames {
  private room: i32;
  private isAlone: bool;
  private readonly isJson: bool;

  /** `isOneReading`: who does not read messages finds no text in what was sent. */
  constructor(
    private readonly collector: Collector,
    private readonly body: RequestBody,
    private readonly content: Source,
    isOneReading: bool,
  ) {
    this.room = min(body.limit, MAX_INFLATED_BYTES);
    this.isAlone = isOneReading && (declaredCharsets(body.contentType) | Charset.Ascii) == Charset.Ascii;
    this.isJson = bodyFormat(body.contentType) == BodyFormat.Json;
  }

  collect(): MessagesOutcome {
    const text = this.content.text;
    for (let at = 0; at < text.length; ) {
      if (text.length - at < PREFIX_BYTES) return this.cutOff();
      const start = at + PREFIX_BYTES;
      const length = bswap<u32>(load<u32>(text.dataStart + at, 1));
      const isWhole = length <= <u32>(text.length - start);
      const end = isWhole ? start + <i32>length : text.length;
      const outcome = (text[at] & COMPRESSED) != 0 ? this.inflated(start, end, isWhole) : this.plain(start, end);
      if (outcome == MessagesOutcome.Opaque || outcome == MessagesOutcome.TooLarge) return outcome;
      if (outcome == MessagesOutcome.NotAlone) this.isAlone = false;
      if (!isWhole) return this.cutOff();
      at = end;
    }
    return this.isAlone ? MessagesOutcome.Whole : MessagesOutcome.NotAlone;
  }

  /** The body ends within a message. */
  private cutOff(): MessagesOutcome {
    return this.body.isCut ? MessagesOutcome.NotAlone : MessagesOutcome.Opaque;
  }

  private plain(start: i32, end: i32): MessagesOutcome {
    return this.message(this.content.within(start, end, Container.Raw));
  }

  private inflated(start: i32, end: i32, isWhole: bool): MessagesOutcome {
    const coding = this.body.messageCoding;
    const source = this.content.text.subarray(start, end);
    const output = new InflateOutput(this.room);
    let status = InflateStatus.Corrupt;
    if (coding == Decoding.Gzip) status = inflateGzip(source, output, []);
    else if (coding == Decoding.Deflate) status = inflateDeflate(source, output, !isWhole);
    if (status == InflateStatus.Corrupt || (status == InflateStatus.Truncated && isWhole))
      return MessagesOutcome.Opaque;
    const text = output.copy();
    this.room -= text.length;
    const codings = this.content.codings.concat([<u8>coding]);
    const outcome = this.message(this.content.inflated(text, codings, start, end));
    if (status == InflateStatus.TooLarge) return MessagesOutcome.TooLarge;
    // Who inflates nothing may find text in what was sent.
    return outcome == MessagesOutcome.Opaque ? outcome : MessagesOutcome.NotAlone;
  }

  private message(source: Source): MessagesOutcome {
    if (this.isJson) {
      const inspected = collectBody(this.collector, APPLICATION_JSON, source, 0);
      return inspected ? MessagesOutcome.Whole : MessagesOutcome.Opaque;
    }
    if (collectProtobuf(this.collector, source)) {
      return isBareMessage(source.text) ? MessagesOutcome.Whole : MessagesOutcome.NotAlone;
    }
    collectTextRuns(this.collector, ValueKind.Text, NO_NAME, source);
    return MessagesOutcome.NotAlone;
  }
}
