import type { Path, PolicyDocument } from "./document.ts";

const LAST_EXPIRY_MS = 0xffff_fffe * 1000;

/** Unix seconds of a date and time that has passed `checkExpiry`, a fraction of a second left out; null: there is none. */
export function expirySeconds(expires: string | undefined): number | null {
  return expires === undefined ? null : Math.floor(Date.parse(expires) / 1000);
}

/** Reports what is no date and time. */
export function checkExpiry(document: PolicyDocument, expires: string | undefined, at: Path): void {
  if (expires === undefined) return;
  const time = Date.parse(expires);
  // What JavaScript carries over into the next month is no date.
  const isDate = Number(expires.slice(8, 10)) <= daysOfMonth(expires);
  if (isDate && time >= 0 && time <= LAST_EXPIRY_MS) return;
  document.report("out_of_range", at, `"${expires}" is no date and time`, "one from 1970 to 2106");
}

function daysOfMonth(date: string): number {
  return new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)), 0)).getUTCDate();
}
