const SLOTS = 256;
/** Longer texts are decoded each time. */
const BYTES_MOST = 64;

interface Known {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Texts of UTF-8 that came lately: records have the same few again and again, and a text made anew is made, hashed and collected. */
export class RecentTexts {
  readonly #slots: (Known | null)[] = new Array(SLOTS).fill(null);

  decode(message: Buffer, start: number, end: number): string {
    if (start === end) return "";
    if (end - start > BYTES_MOST) return message.toString("utf8", start, end);
    const slot = hashOf(message, start, end) % SLOTS;
    const known = this.#slots[slot] ?? null;
    if (known !== null && isSame(known.bytes, message, start, end)) return known.text;
    const bytes = Buffer.from(message.subarray(start, end));
    const text = bytes.toString("utf8");
    this.#slots[slot] = { bytes, text };
    return text;
  }
}

function isSame(bytes: Buffer, message: Buffer, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false;
  for (let at = start; at < end; at++) if (bytes[at - start] !== message[at]) return false;
  return true;
}

/** FNV-1a. */
function hashOf(message: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (message[at] as number), 0x01000193);
  return hash >>> 0;
}
