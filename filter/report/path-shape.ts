import { bytes } from "proxy-wasm-as/bytes";

const SLASH: u8 = 0x2f;
const WORD_MOST: i32 = 24;
const SEGMENTS_MOST: i32 = 16;
const MASKED = bytes("{id}");
const REST = bytes("**");

/**
 * What a path has in common with others of its kind: its words. A segment that is not made of up to 24 letters, `-`, `_` and
 * `.`, or a version such as `v2`, could be a value and becomes `{id}`; after 16 segments stands `**`.
 */
export function pathShape(path: Uint8Array): Uint8Array {
  const shape = new Uint8Array(SEGMENTS_MOST * (WORD_MOST + 1) + REST.length + 1);
  let length = 0;
  let segments = 0;
  for (let at = 0; at < path.length; ) {
    const start = unchecked(path[at]) == SLASH ? at + 1 : at;
    let end = start;
    while (end < path.length && unchecked(path[end]) != SLASH) end++;
    const segment = path.subarray(start, end);
    const isLast = ++segments > SEGMENTS_MOST;
    const kept = isLast ? REST : isWord(segment) ? segment : MASKED;
    unchecked((shape[length++] = SLASH));
    shape.set(kept, length);
    length += kept.length;
    if (isLast) break;
    at = end;
  }
  return shape.subarray(0, length);
}

function isWord(segment: Uint8Array): bool {
  if (segment.length > WORD_MOST) return false;
  if (isVersion(segment)) return true;
  for (let i = 0; i < segment.length; i++) {
    const byte = unchecked(segment[i]);
    const isLetter = <u32>((byte | 0x20) - 0x61) < 26;
    if (!isLetter && byte != 0x2d && byte != 0x5f && byte != 0x2e) return false;
  }
  return true;
}

function isVersion(segment: Uint8Array): bool {
  if (segment.length < 2 || segment.length > 3 || unchecked(segment[0]) != 0x76) return false;
  for (let i = 1; i < segment.length; i++) if (<u32>(unchecked(segment[i]) - 0x30) >= 10) return false;
  return true;
}
