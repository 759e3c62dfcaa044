import { rewrite } from "../encoding/rewrite";
import { isValidUtf8 } from "../encoding/utf8";
import { isControl } from "./spacing";

/** Compressed data holds text of this length by chance only. */
export const MIN_RUN_BYTES = 24;
/** One control byte in so many makes broken UTF-8 binary: in random bytes it is one in ten, in Latin-1 text none. */
const CONTROL_SHARE = 32;
const LINE_FEED: u8 = 0x0a;

/** Whether it holds a NUL, or is no UTF-8 and holds many control bytes. */
export function isBinary(content: Uint8Array): bool {
  let controls = 0;
  for (let i = 0; i < content.length; i++) {
    const byte = unchecked(content[i]);
    if (byte == 0) return true;
    if (isControl(byte)) controls += 1;
  }
  return controls * CONTROL_SHARE > content.length && !isValidUtf8(content);
}

/** All runs of text of a binary content, of at least `MIN_RUN_BYTES` of printable ASCII, whitespace and UTF-8, a line each. */
export function joinTextRuns(content: Uint8Array): Uint8Array {
  const text = content.slice();
  const pass = rewrite(text, text.length);
  let at = 0;
  while (at < text.length) {
    const start = at;
    at = runEnd(text, at);
    if (at - start >= MIN_RUN_BYTES) {
      // Runs lie at least a byte apart: that is where the line feed goes.
      if (pass.write == 0) pass.drop(start);
      else pass.put(LINE_FEED, start - pass.read);
      pass.keepUntil(at);
    }
    at += 1;
  }
  pass.drop(text.length - pass.read);
  return text.subarray(0, pass.finish());
}

/** Where the run of text that begins at `at` ends; `at`: none does. */
export function runEnd(content: Uint8Array, at: i32): i32 {
  for (let size = textSize(content, at); size > 0; size = textSize(content, at)) at += size;
  return at;
}

/** Bytes of the printable character or whitespace at `at`; 0: there is none. */
function textSize(content: Uint8Array, at: i32): i32 {
  if (at >= content.length) return 0;
  const byte = unchecked(content[at]);
  if (byte < 0x80) return isControl(byte) ? 0 : 1;
  const size = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
  if (size == 0 || at + size > content.length) return 0;
  const second = unchecked(content[at + 1]);
  if ((byte == 0xe0 && second < 0xa0) || (byte == 0xed && second >= 0xa0)) return 0;
  if ((byte == 0xf0 && second < 0x90) || (byte == 0xf4 && second >= 0x90)) return 0;
  for (let i = 1; i < size; i++) if ((unchecked(content[at + i]) & 0xc0) != 0x80) return 0;
  return size;
}
