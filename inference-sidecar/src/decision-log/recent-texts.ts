import { RecentBytes } from "./recent-bytes.ts";

const SLOTS = 256;
/** Longer texts are decoded each time. */
const BYTES_MOST = 64;

/** Texts of UTF-8 that came lately. */
export class RecentTexts {
  readonly #recent = new RecentBytes<string>(SLOTS, BYTES_MOST);

  decode(message: Buffer, start: number, end: number): string {
    if (start === end) return "";
    const slot = this.#recent.slotOf(message, start, end);
    const known = this.#recent.find(slot, message, start, end);
    if (known !== undefined) return known;
    const text = message.toString("utf8", start, end);
    this.#recent.remember(slot, message, start, end, text);
    return text;
  }
}
