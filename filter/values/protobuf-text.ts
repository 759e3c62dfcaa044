import { ProtobufReader } from "../encoding/protobuf";
import { isValidUtf8 } from "../encoding/utf8";
import { collectTextRuns } from "./binary-content";
import { Collector } from "./collector";
import { Container } from "./container";
import { ordinal } from "./ordinal";
import { Source } from "./source";
import { isControl } from "./spacing";
import { MIN_RUN_BYTES } from "./text-runs";
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

/**
 * Whether a message can't be meant as text, which many a text can be read as: it holds a control character, or is one field
 * whose content is all there is to it, or nothing at all. Such bytes are looked at as a message alone.
 */
export function isBareMessage(body: Uint8Array): bool {
  const reader = new ProtobufReader(body);
  const isEmpty = reader.next() == 0;
  const content = reader.content;
  const isOneField = content.length > 0 && content.dataStart + content.length == body.dataStart + body.length;
  return isEmpty || isOneField || hasControl(body);
}

/** `message`: a view of the source's text. */
function collectFields(collector: Collector, source: Source, message: Uint8Array, path: Uint8Array, depth: i32): void {
  const reader = new ProtobufReader(message);
  const base = source.text.dataStart;
  let between = <i32>(message.dataStart - base);
  for (let field = reader.next(); field != 0; field = reader.next()) {
    const content = reader.content;
    if (content.length == 0) continue;
    const name = collector.full ? NO_NAME : child(path, field);
    const isNested = depth < MAX_DEPTH && isMessage(content);
    if (isNested) collectFields(collector, source, content, name, depth + 1);
    const start = <i32>(content.dataStart - base);
    const end = start + content.length;
    collectNumbers(collector, source, between, start, path);
    between = end;
    if (isText(content, isNested)) collector.add(ValueKind.Text, name, source, start, end, Container.Raw);
    else if (!isNested) collectTextRuns(collector, ValueKind.Text, name, source.within(start, end, Container.Raw));
  }
  collectNumbers(collector, source, between, <i32>(message.dataStart - base) + message.length, path);
}

/** What stands between contents: numbers, unless it is meant to be read as text. */
function collectNumbers(collector: Collector, source: Source, start: i32, end: i32, path: Uint8Array): void {
  if (end - start < MIN_RUN_BYTES) return;
  collectTextRuns(collector, ValueKind.Text, path, source.within(start, end, Container.Raw));
}

function isMessage(content: Uint8Array): bool {
  const reader = new ProtobufReader(content);
  let field = reader.next();
  while (field != 0) field = reader.next();
  return !reader.malformed;
}

/** Of what can be a message, too, control characters say that it is no text. */
function isText(content: Uint8Array, isNested: bool): bool {
  return !(isNested && hasControl(content)) && isValidUtf8(content);
}

function hasControl(content: Uint8Array): bool {
  for (let i = 0; i < content.length; i++) if (isControl(unchecked(content[i]))) return true;
  return false;
}

function child(path: Uint8Array, field: u32): Uint8Array {
  const number = ordinal(<i32>field);
  const name = new Uint8Array(path.length + 1 + number.length);
  name.set(path);
  name[path.length] = DOT;
  name.set(number, path.length + 1);
  return name;
}
