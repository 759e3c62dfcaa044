import { findByte } from "../encoding/find-byte";
import { rewrite } from "../encoding/rewrite";

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
/** Bytes; three slashes are in the URL of a file. */
const FEWEST: i32 = 4;

/** Whether the first `length` bytes hold slashes to fold. */
export function hasSlashesToFold(text: Uint8Array, length: i32): bool {
  for (let at = findByte(text, 0, length, SLASH); at < length; at = findByte(text, at, length, SLASH)) {
    const end = slashesEnd(text, at, length);
    if (end - at >= FEWEST) return true;
    at = end;
  }
  return false;
}

/**
 * Each run of slashes in the first `length` bytes, also with segments of one dot between them, of four bytes and more → one, in
 * place: a system takes them for one (POSIX.1-2017, 4.13). Gives the new length.
 */
export function foldSlashes(text: Uint8Array, length: i32): i32 {
  const pass = rewrite(text, length);
  while (pass.seek(SLASH, SLASH)) {
    const end = slashesEnd(text, pass.read, length);
    if (end - pass.read >= FEWEST) pass.put(SLASH, end - pass.read);
    else pass.keepUntil(end);
  }
  return pass.finish();
}

/** Behind the run that begins at `at`. */
function slashesEnd(text: Uint8Array, at: i32, length: i32): i32 {
  let end = at + 1;
  while (end < length) {
    const isDotSegment = unchecked(text[end]) == DOT && end + 1 < length && unchecked(text[end + 1]) == SLASH;
    if (unchecked(text[end]) != SLASH && !isDotSegment) break;
    end += isDotSegment ? 2 : 1;
  }
  return end;
}
