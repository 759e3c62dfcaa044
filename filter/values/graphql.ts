import { bytes } from "proxy-wasm-as/bytes";
import { isLetterOrDigit } from "../encoding/letter-or-digit";
import { Collector } from "./collector";
import { Container } from "./container";
import { isPlainName } from "./plain-name";
import { Source } from "./source";
import { isWhitespace } from "./spacing";
import { ValueKind } from "./value";

const QUOTE: u8 = 0x22;
const HASH: u8 = 0x23;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const BACKSLASH: u8 = 0x5c;
const OPEN_BRACE: u8 = 0x7b;
const LINE_FEED: u8 = 0x0a;
const CARRIAGE_RETURN: u8 = 0x0d;
const BLOCK_QUOTES = 3;

/** What a document begins with, where not with a selection. */
const keywords: Uint8Array[] = [bytes("query"), bytes("mutation"), bytes("subscription"), bytes("fragment")];

/**
 * Strings, block strings, comments, and names that are not plain, of a GraphQL document (GraphQL specification, section
 * 2.1) that begins at `from`; of anything else nothing. A string goes by the name of its argument.
 */
export function collectGraphql(collector: Collector, source: Source, from: i32): void {
  const text = source.text;
  if (!beginsAsGraphql(text, from)) return;
  let nameStart = from;
  let nameEnd = from;
  let number = 0;
  for (let at = from; at < text.length; ) {
    const byte = unchecked(text[at]);
    if (byte == HASH) {
      const end = lineEnd(text, at);
      collector.add(ValueKind.GraphqlString, collector.name(text, at, at), source, at + 1, end, Container.Raw);
      at = end;
    } else if (byte == QUOTE) {
      const block = quotesAt(text, at) >= BLOCK_QUOTES;
      const start = at + (block ? BLOCK_QUOTES : 1);
      const end = block ? blockEnd(text, start) : stringEnd(text, start);
      const name = collector.name(text, nameStart, nameEnd);
      collector.add(ValueKind.GraphqlString, name, source, start, end, block ? Container.Raw : Container.Json);
      at = end + (block ? BLOCK_QUOTES : 1);
    } else if (isNameByte(byte)) {
      const end = wordEnd(text, at);
      if (!isPlainName(text, at, end)) {
        collector.add(ValueKind.GraphqlName, collector.number(number), source, at, end, Container.Raw);
      }
      number += 1;
      const next = ignoredEnd(text, end);
      if (next < text.length && unchecked(text[next]) == COLON) {
        nameStart = at;
        nameEnd = end;
      }
      at = end;
    } else {
      at += 1;
    }
  }
}

/** Whether a selection or a keyword stands there, past what is ignored and comments. */
function beginsAsGraphql(text: Uint8Array, at: i32): bool {
  at = ignoredEnd(text, at);
  while (at < text.length && unchecked(text[at]) == HASH) at = ignoredEnd(text, lineEnd(text, at));
  if (at < text.length && unchecked(text[at]) == OPEN_BRACE) return true;
  const word = text.subarray(at, wordEnd(text, at));
  for (let i = 0; i < keywords.length; i++) {
    const keyword = unchecked(keywords[i]);
    if (word.length != keyword.length) continue;
    if (memory.compare(word.dataStart, keyword.dataStart, word.length) == 0) return true;
  }
  return false;
}

/** The end of a string: its quote, its line's end (it is not well-formed then), or that of the text. */
function stringEnd(text: Uint8Array, at: i32): i32 {
  for (; at < text.length; at++) {
    const byte = unchecked(text[at]);
    if (byte == QUOTE || byte == LINE_FEED || byte == CARRIAGE_RETURN) return at;
    if (byte == BACKSLASH) at += 1;
  }
  return text.length;
}

/** Of a block string: three quotes that no backslash stands before. */
function blockEnd(text: Uint8Array, at: i32): i32 {
  for (; at < text.length; at++) {
    if (unchecked(text[at]) == QUOTE && unchecked(text[at - 1]) != BACKSLASH && quotesAt(text, at) >= BLOCK_QUOTES)
      return at;
  }
  return text.length;
}

/** How many quotes stand at `at`, counted to three. */
function quotesAt(text: Uint8Array, at: i32): i32 {
  let count = 0;
  while (count < BLOCK_QUOTES && at + count < text.length && unchecked(text[at + count]) == QUOTE) count += 1;
  return count;
}

function wordEnd(text: Uint8Array, at: i32): i32 {
  while (at < text.length && isNameByte(unchecked(text[at]))) at += 1;
  return at;
}

function lineEnd(text: Uint8Array, at: i32): i32 {
  while (at < text.length && unchecked(text[at]) != LINE_FEED && unchecked(text[at]) != CARRIAGE_RETURN) at += 1;
  return at;
}

/** Past whitespace and commas, which GraphQL ignores. */
function ignoredEnd(text: Uint8Array, at: i32): i32 {
  while (at < text.length && (isWhitespace(unchecked(text[at])) || unchecked(text[at]) == COMMA)) at += 1;
  return at;
}

function isNameByte(byte: u8): bool {
  return isLetterOrDigit(byte) || byte == 0x5f;
}
