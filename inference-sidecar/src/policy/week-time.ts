import type { Interval } from "./policy.ts";
import { DAYS, type WrittenTime } from "./written-policy.ts";

const DAY = 24 * 60;
const WEEK = 7 * DAY;

/** Minutes of `08:00`, `24:00` included; null: not written so. */
export function parseClock(text: string): number | null {
  const [, hours, minutes] = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text) ?? [];
  const clock = Number(hours) * 60 + Number(minutes);
  return hours === undefined || clock > DAY ? null : clock;
}

/** Minutes that `Z` or `+01:00` is ahead of UTC, at most 14 hours; null: not written so. */
export function parseOffset(text: string): number | null {
  if (text === "Z") return 0;
  const [, sign, clock = ""] = /^([+-])([0-9]{2}:[0-9]{2})$/.exec(text) ?? [];
  const minutes = parseClock(clock);
  if (minutes === null || minutes > 14 * 60) return null;
  return sign === "-" ? -minutes : minutes;
}

/** The intervals of a window, cut at the end of the week. One whose `to` is before `from` ends on the day after. */
export function intervalsOf({ days = [...DAYS], from = "00:00", to = "24:00", offset = "Z" }: WrittenTime): Interval[] {
  const start = parseClock(from) ?? 0;
  const end = parseClock(to) ?? DAY;
  const length = end > start ? end - start : end + DAY - start;
  return days.flatMap((day) => {
    const first = DAYS.indexOf(day) * DAY + start - (parseOffset(offset) ?? 0);
    const wrapped = ((first % WEEK) + WEEK) % WEEK;
    const last = wrapped + length;
    if (last <= WEEK) return [{ start: wrapped, end: last }];
    return [
      { start: wrapped, end: WEEK },
      { start: 0, end: last - WEEK },
    ];
  });
}
