/** C0, DEL, C1, line and paragraph separators, directional controls, zero-width characters, unpaired surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

const PLAIN = /^[\x20-\x7e]*$/;

/** The text without control characters, at most `most` UTF-16 units; what was cut off shows as `…`. */
export function printable(text: string, most: number): string {
  if (text.length <= most && PLAIN.test(text)) return text;
  const clean = text.slice(0, 4 * most).replace(UNPRINTABLE, "");
  if (clean.length <= most) return clean;
  return `${clean.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
