import { rewrite } from "./rewrite";

/** Ends what has no definite length. */
export const CBOR_BREAK: u8 = 0xff;

const SIZE: u8 = 0x1f;
/** Larger sizes stand behind the head, in 1, 2, 4 or 8 bytes. */
const LARGEST_IN_HEAD: i32 = 23;
const EIGHT_BYTES: i32 = 27;

/** Where the string of definite length (RFC 8949, section 3.1) ends that begins at `at`; -1: it is none, or not whole. */
export function cborPieceEnd(text: Uint8Array, at: i32): i32 {
  const start = contentStart(text, at);
  if (start < 0) return -1;
  const size = <i32>(unchecked(text[at]) & SIZE);
  let length: i64 = size;
  if (size > LARGEST_IN_HEAD) {
    length = 0;
    for (let i = at + 1; i < start; i++) length = (length << 8) | unchecked(text[i]);
  }
  return length < 0 || length > <i64>(text.length - start) ? -1 : start + <i32>length;
}

/** The contents of such strings, which follow each other, as one. */
export function joinCborPieces(raw: Uint8Array): Uint8Array {
  const text = raw.slice();
  const pass = rewrite(text, text.length);
  while (pass.read < text.length) {
    const end = cborPieceEnd(text, pass.read);
    if (end < 0) break;
    pass.drop(contentStart(text, pass.read) - pass.read);
    pass.keepUntil(end);
  }
  return text.subarray(0, pass.finish());
}

function contentStart(text: Uint8Array, at: i32): i32 {
  const size = <i32>(unchecked(text[at]) & SIZE);
  if (size <= LARGEST_IN_HEAD) return at + 1;
  const start = size > EIGHT_BYTES ? -1 : at + 1 + (1 << (size - LARGEST_IN_HEAD - 1));
  return start <= text.length ? start : -1;
}
