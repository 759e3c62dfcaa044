import { bytes } from "proxy-wasm-as/bytes";
import { Charset, charsetNamed } from "./charset";
import { Collector } from "./collector";
import { Container } from "./container";
import { isQuote, matchesAt, skipWhitespace } from "./content-type";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";
import { XmlElements } from "./xml-elements";
import {
  CDATA,
  CDATA_END,
  COMMENT,
  COMMENT_END,
  declarationEnd,
  find,
  INSTRUCTION_END,
  isPlainDeclaration,
} from "./xml-scan";
import { collectAttributes, collectName, nameEnd } from "./xml-tag";
import { XmlText } from "./xml-text";

const DECLARATION = bytes("<?xml");
const ENCODING = bytes("encoding");
/** `<?xm` in EBCDIC, little-endian. */
const EBCDIC_DECLARATION: u32 = 0x94a76f4c;
const LESS_THAN: u8 = 0x3c;
const SLASH: u8 = 0x2f;
const BANG: u8 = 0x21;
const QUESTION: u8 = 0x3f;
const EQUALS: u8 = 0x3d;

export function beginsAsXml(body: Uint8Array, start: i32): bool {
  return matchesAt(body, start, DECLARATION);
}

/**
 * Whether it is EBCDIC, or its declaration names an encoding (XML 1.0, section 4.3.3) in which nothing would be seen, or
 * a wide one that it is not in.
 */
export function hidesAscii(source: Source, start: i32): bool {
  const body = source.text;
  if (body.length - start >= 4 && load<u32>(body.dataStart + start) == EBCDIC_DECLARATION) return true;
  if (!beginsAsXml(body, start)) return false;
  const end = find(body, start, INSTRUCTION_END);
  const declaration = body.subarray(start, end < 0 ? body.length : end);
  const name = find(declaration, 0, ENCODING);
  if (name < 0) return false;
  let at = skipWhitespace(declaration, name + ENCODING.length);
  if (at >= declaration.length || declaration[at] != EQUALS) return false;
  at = skipWhitespace(declaration, at + 1);
  if (at < declaration.length && isQuote(declaration[at])) at += 1;
  const charset = charsetNamed(declaration, at);
  return charset == Charset.Hidden || (charset != Charset.Ascii && source.container < Container.Utf16Little);
}

/**
 * Text, between tags and of whole elements, attributes, comments, document type declarations and instructions of an XML
 * text (XML 1.0) that begins at `from`, and names that are not plain. False: it is not well-formed (tags need not match);
 * what was found until then stays.
 */
export function collectXml(collector: Collector, source: Source, from: i32): bool {
  const body = source.text;
  const text = new XmlText(collector, source);
  const elements = new XmlElements(collector, source);
  let depth = 0;
  let any = false;
  let at = from;
  while (at < body.length) {
    if (unchecked(body[at]) != LESS_THAN) {
      const start = at;
      while (at < body.length && unchecked(body[at]) != LESS_THAN) at += 1;
      if (!text.add(start, at, start, at) && depth == 0) return giveUp(text);
      continue;
    }
    const kind: u8 = at + 1 < body.length ? unchecked(body[at + 1]) : 0;
    if (kind == BANG || kind == QUESTION) {
      const next = matchesAt(body, at, CDATA) ? cdata(text, body, at) : markup(collector, source, at, from);
      if (next < 0) return giveUp(text);
      at = next;
      continue;
    }
    if (text.flush()) elements.addText(depth);
    const closing = kind == SLASH;
    const tag = at;
    const start = closing ? at + 2 : at + 1;
    const stop = nameEnd(body, start);
    if (stop == start) return giveUp(text);
    collectName(collector, source, start, stop);
    at = collectAttributes(collector, source, stop);
    if (at < 0 || (closing && depth == 0)) return giveUp(text);
    const empty = unchecked(body[at - 2]) == SLASH;
    if (closing) elements.leave(--depth, tag);
    else text.enter(start, stop);
    if (!closing && !empty) elements.enter(depth++, start, stop, at);
    any = true;
  }
  text.flush();
  return depth == 0 && any;
}

function giveUp(text: XmlText): bool {
  text.flush();
  return false;
}

/** Past a CDATA section, whose content is text; -1: it does not end. */
function cdata(text: XmlText, body: Uint8Array, at: i32): i32 {
  const start = at + CDATA.length;
  const end = find(body, start, CDATA_END);
  if (end < 0) return -1;
  const next = end + CDATA_END.length;
  text.add(start, end, at, next);
  return next;
}

/** Past a comment, an instruction or a declaration, which is a value; -1: it does not end. */
function markup(collector: Collector, source: Source, at: i32, from: i32): i32 {
  const body = source.text;
  const comment = matchesAt(body, at, COMMENT);
  const instruction = unchecked(body[at + 1]) == QUESTION;
  let start = at;
  let end = 0;
  let next = 0;
  if (comment) {
    start = at + COMMENT.length;
    end = find(body, start, COMMENT_END);
    next = end + COMMENT_END.length;
  } else {
    end = instruction ? find(body, at, INSTRUCTION_END) + INSTRUCTION_END.length : declarationEnd(body, at);
    next = end;
  }
  if (end < start + 1 && !(comment && end == start)) return -1;
  if (instruction && end < at + 2 + INSTRUCTION_END.length) return -1;
  const named = at + DECLARATION.length;
  const declaration = at == from && beginsAsXml(body, at) && isWhitespace(unchecked(body[named]));
  if (declaration && isPlainDeclaration(body, at, end)) return next;
  while (start < end && isWhitespace(unchecked(body[start]))) start += 1;
  while (end > start && isWhitespace(unchecked(body[end - 1]))) end -= 1;
  collector.add(ValueKind.XmlText, collector.name(body, 0, 0), source, start, end, Container.Raw);
  return next;
}
