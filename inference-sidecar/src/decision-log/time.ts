const LAST_MS = 8.64e15;
const SECOND_MS = 1_000;

/** The second that was asked for last, up to the dot: most times are of the same one as the time before. */
let second = Number.NaN;
let text = "";

/** ISO 8601 in UTC with milliseconds; what is beyond the last date is that date. */
export function isoTime(unixMillis: number): string {
  const millis = Math.min(unixMillis, LAST_MS);
  const past = millis % SECOND_MS;
  if (millis - past !== second) {
    second = millis - past;
    text = new Date(second).toISOString().slice(0, -4);
  }
  return `${text}${String(past).padStart(3, "0")}Z`;
}
