import { printable } from "./printable.ts";

/** A text as a line of the log has it. */
interface JsonText {
  readonly text: string;
  readonly json: string;
  /** `null` where the text is empty. */
  readonly jsonOrNull: string;
}

const REMEMBERED_MOST = 1_024;
/** Longer texts are not remembered. */
const REMEMBERED_UNITS_MOST = 256;

/** Makes texts printable, at most `most` UTF-16 units of each. A field has the same few again and again: they are remembered. */
export function jsonText(most: number): (text: string) => JsonText {
  const remembered = new Map<string, JsonText>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const shown = printable(text, most);
    const json = JSON.stringify(shown);
    const made = { text: shown, json, jsonOrNull: shown === "" ? "null" : json };
    if (text.length > REMEMBERED_UNITS_MOST) return made;
    if (remembered.size >= REMEMBERED_MOST) remembered.clear();
    remembered.set(text, made);
    return made;
  };
}
