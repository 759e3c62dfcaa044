const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 * 1024 };

/** Milliseconds of a duration such as `20ms`, `30s`, `5m`, `1h`; null: not written so. */
export function parseDuration(text: string): number | null {
  return parse(text, /^([0-9]{1,9})(ms|s|m|h)$/, MILLISECONDS);
}

/** Bytes of a size such as `512B`, `64KiB`, `1MiB`; null: not written so. */
export function parseSize(text: string): number | null {
  return parse(text, /^([0-9]{1,9})(B|KiB|MiB)$/, BYTES);
}

function parse(text: string, pattern: RegExp, units: Record<string, number>): number | null {
  const [, digits, unit] = pattern.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  return Number(digits) * (units[unit] ?? 0);
}

/** A percentage such as `0.1%` as a share; null: it is none. */
export function parsePercent(text: string): number | null {
  const number = /^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$/.exec(text)?.[1];
  return number === undefined ? null : Number(number) / 100;
}
