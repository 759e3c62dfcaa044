import { bytes } from "proxy-wasm-as/bytes";
import { rewrite } from "../encoding/rewrite";
import { Collector } from "./collector";
import { Container } from "./container";
import { matchesAt } from "./content-type";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";
import { declarationEnd, find, tagEnd } from "./xml-scan";

export const COMMENT = bytes("<!--");
export const COMMENT_END = bytes("-->");
export const CDATA = bytes("<![cdata[");
export const CDATA_END = bytes("]]>");
export const INSTRUCTION_END = bytes("?>");
const LESS_THAN: u8 = 0x3c;
const BANG: u8 = 0x21;
const QUESTION: u8 = 0x3f;

/**
 * The text between two tags as an application gets it: what stands around comments, CDATA marks and instructions is
 * joined, so that none of them cuts an attack in two. Goes by the name of the element that began last.
 */
export class XmlText {
  private pieces: i32 = 0;
  /** The text of the only piece. */
  private start: i32 = 0;
  private end: i32 = 0;
  /** From the first piece to the last, with the marks around them. */
  private outerStart: i32 = 0;
  private outerEnd: i32 = 0;
  private nameStart: i32 = 0;
  private nameEnd: i32 = 0;

  constructor(
    private readonly collector: Collector,
    private readonly source: Source,
  ) {}

  enter(start: i32, end: i32): void {
    this.nameStart = start;
    this.nameEnd = end;
  }

  /** A piece of text, with the marks around it; gives whether it is blank. Blank pieces count only between others. */
  add(start: i32, end: i32, outerStart: i32, outerEnd: i32): bool {
    const text = this.source.text;
    let first = start;
    while (first < end && isWhitespace(unchecked(text[first]))) first += 1;
    if (first == end && (this.pieces == 0 || start == end)) return true;
    if (this.pieces == 0) {
      this.start = first;
      this.outerStart = outerStart < start ? outerStart : first;
    }
    this.pieces += 1;
    this.end = end;
    this.outerEnd = outerEnd;
    return first == end;
  }

  /** A tag or the end: the text is complete. Gives whether there is any. */
  flush(): bool {
    if (this.pieces == 0) return false;
    const text = this.source.text;
    const name = this.collector.name(text, this.nameStart, this.nameEnd);
    if (this.pieces == 1) {
      while (this.end > this.start && isWhitespace(unchecked(text[this.end - 1]))) this.end -= 1;
      this.collector.add(ValueKind.XmlText, name, this.source, this.start, this.end, Container.Raw);
    } else {
      this.collector.add(ValueKind.XmlText, name, this.source, this.outerStart, this.outerEnd, Container.XmlText);
    }
    this.pieces = 0;
    return true;
  }
}

/** What stands around the comments, CDATA marks, instructions, declarations and tags of a text. */
export function joinXmlText(raw: Uint8Array): Uint8Array {
  const text = raw.slice();
  const pass = rewrite(text, text.length);
  while (pass.seek(LESS_THAN, LESS_THAN)) {
    const at = pass.read;
    if (matchesAt(text, at, CDATA)) {
      const end = find(text, at + CDATA.length, CDATA_END);
      if (end < 0) break;
      pass.drop(CDATA.length);
      pass.keepUntil(end);
      pass.drop(CDATA_END.length);
      continue;
    }
    let end = -1;
    if (matchesAt(text, at, COMMENT)) end = past(text, at + COMMENT.length, COMMENT_END);
    else if (at + 1 < text.length && unchecked(text[at + 1]) == QUESTION) end = past(text, at + 2, INSTRUCTION_END);
    else if (at + 1 < text.length && unchecked(text[at + 1]) == BANG) end = declarationEnd(text, at);
    else end = tagEnd(text, at);
    if (end < 0) break;
    pass.drop(end - at);
  }
  return text.subarray(0, pass.finish());
}

function past(text: Uint8Array, at: i32, mark: Uint8Array): i32 {
  const found = find(text, at, mark);
  return found < 0 ? -1 : found + mark.length;
}
