import { findPair } from "./find-byte";
import { hexDigit } from "./hex";
import { InflateOutput } from "./inflate-output";
import { InflateStatus } from "./inflate-status";

const CARRIAGE_RETURN: u8 = 0x0d;
const LINE_FEED: u8 = 0x0a;
const SEMICOLON: u8 = 0x3b;
const MAX_SIZE_DIGITS = 7;

/** Whether it begins as a chunk of `joinAwsChunks` does: with its size, and a `;` or a line break. */
export function looksAwsChunked(source: Uint8Array): bool {
  const end = sizeEnd(source, 0);
  if (end == 0 || end == source.length) return false;
  const next = unchecked(source[end]);
  return next == SEMICOLON || next == CARRIAGE_RETURN;
}

/**
 * Appends what the chunks of an upload to S3 hold (Signature Version 4, "aws-chunked"): each has a line with its size in
 * hexadecimal and perhaps a signature, and ends in a line break. The one of no bytes is the last; trailers follow it. `texts`
 * gets the ranges, start and end in turn, of what stands beside sizes and content.
 */
export function joinAwsChunks(source: Uint8Array, output: InflateOutput, texts: i32[]): InflateStatus {
  for (let at = 0; at < source.length; ) {
    const end = sizeEnd(source, at);
    const size = sizeOf(source, at, end);
    const line = findPair(source, end, source.length, CARRIAGE_RETURN, LINE_FEED);
    if (line == source.length) return InflateStatus.Truncated;
    if (size < 0 || (line > end && unchecked(source[end]) != SEMICOLON)) return InflateStatus.Corrupt;
    const start = line + 2;
    addRange(texts, end + 1, line);
    if (size == 0) {
      addRange(texts, start, source.length);
      return InflateStatus.Complete;
    }
    const length = min(size, source.length - start);
    const taken = min(length, output.limit - output.length);
    memory.copy(output.bytes.dataStart + output.length, source.dataStart + start, taken);
    output.length += taken;
    if (taken < length) return InflateStatus.TooLarge;
    at = start + size + 2;
    if (at > source.length) return InflateStatus.Truncated;
    if (unchecked(source[at - 2]) != CARRIAGE_RETURN || unchecked(source[at - 1]) != LINE_FEED)
      return InflateStatus.Corrupt;
  }
  return InflateStatus.Truncated;
}

function addRange(texts: i32[], start: i32, end: i32): void {
  if (end <= start) return;
  texts.push(start);
  texts.push(end);
}

function sizeEnd(source: Uint8Array, start: i32): i32 {
  let at = start;
  while (at < source.length && hexDigit(unchecked(source[at])) >= 0) at += 1;
  return at;
}

/** -1: there is none, or it is beyond any body. */
function sizeOf(source: Uint8Array, start: i32, end: i32): i32 {
  if (end == start || end - start > MAX_SIZE_DIGITS) return -1;
  let size = 0;
  for (let at = start; at < end; at++) size = (size << 4) | <i32>hexDigit(unchecked(source[at]));
  return size;
}
