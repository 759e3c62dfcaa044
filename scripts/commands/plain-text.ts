/** C0, DEL, C1, separators of lines, and what turns the direction of writing: a terminal would act on them. */
const ACTIVE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text of others for a terminal: what it would act on is written as `\u001b`. */
export function plainText(text: string): string {
  return text.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
