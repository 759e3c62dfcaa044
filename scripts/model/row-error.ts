/** A row that can't be read: its message says what was expected. */
export class RowError extends Error {}

/** Text, or a number or truth value as text. @throws RowError it is something else */
export function textOf(value: unknown, what: string): string {
  if (typeof value === "object") throw new RowError(`${what}: expected text`);
  return String(value);
}

/** Any value as text, by `write`. @throws RowError it has none: it is nested too deeply, or an object whose `toString` is no function */
export function writtenText(value: unknown, what: string, write: (value: unknown) => string = String): string {
  try {
    return write(value);
  } catch {
    throw new RowError(`${what}: expected what can be written as text`);
  }
}
