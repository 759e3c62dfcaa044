import type { LineBytes } from "./line-bytes.ts";

const LAST_MS = 8.64e15;
const SECOND_MS = 1_000;
const MILLISECOND_DIGITS = 3;
const ZULU = 0x5a;

/** The second that was asked for last, up to the dot: most times are of the same one as the time before. */
let second = Number.NaN;
let text = "";
/** The millisecond that was asked for last, whole. */
let millisecond = Number.NaN;
let whole = "";

/** ISO 8601 in UTC with milliseconds; what is beyond the last date is that date. */
export function isoTime(unixMillis: number): string {
  if (unixMillis === millisecond) return whole;
  const past = turnTo(unixMillis);
  millisecond = unixMillis;
  whole = `${text}${String(past).padStart(MILLISECOND_DIGITS, "0")}Z`;
  return whole;
}

/** The same into a line. */
export function addIsoTime(out: LineBytes, unixMillis: number): void {
  const past = turnTo(unixMillis);
  out.ascii(text);
  out.uint(past, MILLISECOND_DIGITS);
  out.byte(ZULU);
}

/** @returns milliseconds of the second */
function turnTo(unixMillis: number): number {
  const millis = Math.min(unixMillis, LAST_MS);
  const past = millis % SECOND_MS;
  if (millis - past !== second) {
    second = millis - past;
    text = new Date(second).toISOString().slice(0, -4);
  }
  return past;
}
