import { rewrite } from "../encoding/rewrite";
import { matchesAt } from "./content-type";
import { CDATA, CDATA_END, COMMENT, COMMENT_END, declarationEnd, find, INSTRUCTION_END, tagEnd } from "./xml-scan";

const LESS_THAN: u8 = 0x3c;
const BANG: u8 = 0x21;
const QUESTION: u8 = 0x3f;

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
