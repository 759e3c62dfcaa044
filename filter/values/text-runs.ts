import { isValidUtf8 } from "../encoding/utf8";
import { Collector } from "./collector";
import { isWhitespace } from "./spacing";
import { Component, ValueKind } from "./value";

/** Compressed data holds text of this length by chance only. */
const MIN_RUN_BYTES = 24;
/** So many runs are values of their own; all further ones together make one more. */
const SINGLE_RUNS = 16;
/** One control byte in so many makes broken UTF-8 binary: in random bytes it is one in ten, in Latin-1 text none. */
const CONTROL_SHARE = 32;
const LINE_FEED: u8 = 0x0a;

/** Whether it holds a NUL, or is no UTF-8 and holds many control bytes. */
export function isBinary(content: Uint8Array): bool {
  let controls = 0;
  for (let i = 0; i < content.length; i++) {
    const byte = unchecked(content[i]);
    if (byte == 0) return true;
    if (byte == 0x7f || (byte < 0x20 && !isWhitespace(byte))) controls += 1;
  }
  return controls * CONTROL_SHARE > content.length && !isValidUtf8(content);
}

/** The runs of at least 24 bytes of printable ASCII, whitespace and UTF-8. Linear. */
export function collectTextRuns(collector: Collector, kind: ValueKind, name: Uint8Array, content: Uint8Array): void {
  let joined = new Uint8Array(0);
  let joinedLength = 0;
  let joinedStart = 0;
  let joinedEnd = 0;
  let runs = 0;
  for (let at = 0; at < content.length; ) {
    const start = at;
    for (let size = textSize(content, at); size > 0; size = textSize(content, at)) at += size;
    if (at - start >= MIN_RUN_BYTES) {
      runs += 1;
      const run = content.subarray(start, at);
      if (runs <= SINGLE_RUNS) {
        collector.addDecoded(kind, Component.Body, name, start, at, run, -1);
      } else {
        // Runs lie at least a byte apart, so that with a line feed each they fit in what is left.
        if (joined.length == 0) {
          joined = new Uint8Array(content.length - start);
          joinedStart = start;
        } else {
          joined[joinedLength++] = LINE_FEED;
        }
        joined.set(run, joinedLength);
        joinedLength += run.length;
        joinedEnd = at;
      }
    }
    at += 1;
  }
  const rest = joined.subarray(0, joinedLength);
  collector.addDecoded(kind, Component.Body, name, joinedStart, joinedEnd, rest, -1);
}

/** Bytes of the printable character or whitespace at `at`; 0: there is none. */
function textSize(content: Uint8Array, at: i32): i32 {
  if (at >= content.length) return 0;
  const byte = unchecked(content[at]);
  if (byte < 0x80) return (byte >= 0x20 && byte != 0x7f) || isWhitespace(byte) ? 1 : 0;
  const size = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
  if (size == 0 || at + size > content.length) return 0;
  const second = unchecked(content[at + 1]);
  if ((byte == 0xe0 && second < 0xa0) || (byte == 0xed && second >= 0xa0)) return 0;
  if ((byte == 0xf0 && second < 0x90) || (byte == 0xf4 && second >= 0x90)) return 0;
  for (let i = 1; i < size; i++) if ((unchecked(content[at + i]) & 0xc0) != 0x80) return 0;
  return size;
}
