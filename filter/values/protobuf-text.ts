import { ProtobufReader } from "../encoding/protobuf";
import { isValidUtf8 } from "../encoding/utf8";
import { Collector } from "./collector";
import { Container } from "./container";
import { ordinal } from "./ordinal";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { collectTextRuns } from "./text-runs";
import { ValueKind } from "./value";

/** Messages within messages that are looked into: each level reads its bytes once more. */
const MAX_DEPTH = 8;
const DOT: u8 = 0x2e;
const NO_NAME = new Uint8Array(0);

/**
 * The texts, however short, of a message of protocol buffers; each is named by the numbers of the fields that lead to it,
 * as `.2.1`. What a field holds without its schema, text, message or bytes, is taken for each that it can be. False: it is
 * no message.
 */
export function collectProtobuf(collector: Collector, source: Source): bool {
  if (!isMessage(source.text)) return false;
  collectFields(collector, source, source.text, NO_NAME, 0);
  return true;
}

/** `message`: a view of the source's text. */
function collectFields(collector: Collector, source: Source, message: Uint8Array, path: Uint8Array, depth: i32): void {
  const reader = new ProtobufReader(message);
  for (let field = reader.next(); field != 0; field = reader.next()) {
    const content = reader.content;
    if (content.length == 0) continue;
    const name = collector.full ? NO_NAME : child(path, field);
    const isNested = depth < MAX_DEPTH && isMessage(content);
    if (isNested) collectFields(collector, source, content, name, depth + 1);
    const start = <i32>(content.dataStart - source.text.dataStart);
    const end = start + content.length;
    if (isText(content, isNested)) collector.add(ValueKind.Text, name, source, start, end, Container.Raw);
    else if (!isNested) collectTextRuns(collector, ValueKind.Text, name, source.within(start, end, Container.Raw));
  }
}

function isMessage(content: Uint8Array): bool {
  const reader = new ProtobufReader(content);
  let field = reader.next();
  while (field != 0) field = reader.next();
  return !reader.malformed;
}

/** Of what can be a message, too, control characters say that it is no text. */
function isText(content: Uint8Array, isNested: bool): bool {
  for (let i = 0; isNested && i < content.length; i++) {
    const byte = unchecked(content[i]);
    if (byte == 0x7f || (byte < 0x20 && !isWhitespace(byte))) return false;
  }
  return isValidUtf8(content);
}

function child(path: Uint8Array, field: u32): Uint8Array {
  const number = ordinal(<i32>field);
  const name = new Uint8Array(path.length + 1 + number.length);
  name.set(path);
  name[path.length] = DOT;
  name.set(number, path.length + 1);
  return name;
}
