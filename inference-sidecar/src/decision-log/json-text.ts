import { asciiBytes } from "./line-bytes.ts";
import { printable } from "./printable.ts";

/** A text as a line of the log has it. */
interface JsonText {
  readonly text: string;
  /** UTF-8. */
  readonly json: Buffer;
  /** `null` where the text is empty. */
  readonly jsonOrNull: Buffer;
}

const REMEMBERED_MOST = 1_024;
/** Longer texts are not remembered. */
const REMEMBERED_UNITS_MOST = 256;
const NONE: JsonText = { text: "", json: asciiBytes('""'), jsonOrNull: asciiBytes("null") };

/** Makes texts printable, at most `most` UTF-16 units of each. A field has the same few again and again: they are remembered. */
export function jsonText(most: number): (text: string) => JsonText {
  const remembered = new Map<string, JsonText>();
  return (text) => {
    if (text === "") return NONE;
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const shown = printable(text, most);
    const json = Buffer.from(JSON.stringify(shown));
    const made = { text: shown, json, jsonOrNull: shown === "" ? NONE.jsonOrNull : json };
    if (text.length > REMEMBERED_UNITS_MOST) return made;
    if (remembered.size >= REMEMBERED_MOST) remembered.clear();
    remembered.set(text, made);
    return made;
  };
}
