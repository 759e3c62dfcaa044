import { UsageError } from "./usage-error.ts";

const unitMillis: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Unix milliseconds of an ISO 8601 date or time, of UTC as those of the log where it names no zone, or of an age before
 * `now`, such as `90s`, `15m`, `2h`, `7d`.
 */
export function parseSince(text: string, now: number): number {
  const age = /^(\d+)([smhd])$/.exec(text);
  if (age) return now - Number(age[1]) * (unitMillis[age[2] ?? ""] ?? 0);
  const [written, clock, , , zone] = TIME.exec(text) ?? [];
  const time = Date.parse(clock === undefined || zone !== undefined ? (written ?? "") : `${written}Z`);
  if (Number.isNaN(time))
    throw new UsageError(`--since ${text}: write a time such as 2026-01-31T08:00:00Z, or an age such as 15m.`);
  return time;
}
