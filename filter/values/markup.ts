import { bytes } from "proxy-wasm-as/bytes";
import { findByte, findPair } from "../encoding/find-byte";
import { rewrite } from "../encoding/rewrite";
import { matchesAt } from "./content-type";
import { isWhitespace } from "./spacing";
import { CDATA, CDATA_END, COMMENT, COMMENT_END, find, INSTRUCTION_END } from "./xml-scan";

const LESS_THAN: u8 = 0x3c;
const BANG: u8 = 0x21;
const QUESTION: u8 = 0x3f;

/** What a parser of XML takes from between two pieces of a text, which it joins (XML 1.0, sections 2.5 to 2.7). */
const begins: Uint8Array[] = [CDATA, COMMENT, bytes("<?")];
const DECLARATION = bytes("<?xml");
const ends: Uint8Array[] = [CDATA_END, COMMENT_END, INSTRUCTION_END];

/** Whether there may be any in the first `length` bytes. */
export function hasMarkup(text: Uint8Array, length: i32): bool {
  const from = findByte(text, 0, length, LESS_THAN);
  if (from == length) return false;
  return (
    findPair(text, from, length, LESS_THAN, BANG) < length || findPair(text, from, length, LESS_THAN, QUESTION) < length
  );
}

/**
 * Comments, instructions and the marks of CDATA sections go from a text, in place. One that does not end stays. Linear; gives
 * the new length.
 */
export function foldMarkup(text: Uint8Array): i32 {
  const pass = rewrite(text, text.length);
  /** From here on none of its kind ends. */
  let endless: u32 = 0;
  while (pass.seek(LESS_THAN, LESS_THAN)) {
    const at = pass.read;
    const kind = kindAt(text, at);
    const isEndless = kind < 0 || ((endless >> kind) & 1) != 0;
    const end = isEndless ? -1 : find(text, at + begins[kind].length, ends[kind]);
    if (end < 0) {
      if (kind >= 0) endless |= 1 << kind;
      pass.keep();
      continue;
    }
    if (kind == 0) {
      pass.drop(CDATA.length);
      pass.keepUntil(end);
    }
    pass.drop(end + ends[kind].length - pass.read);
  }
  return pass.finish();
}

/** -1: nothing of the kind begins there. A declaration of XML is no instruction: it stands within no text. */
function kindAt(text: Uint8Array, at: i32): i32 {
  const after = at + DECLARATION.length;
  if (matchesAt(text, at, DECLARATION) && after < text.length && isWhitespace(unchecked(text[after]))) return -1;
  for (let kind = 0; kind < begins.length; kind++) if (matchesAt(text, at, begins[kind])) return kind;
  return -1;
}
