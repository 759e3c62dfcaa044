/** A row that can't be read: its message says what was expected. */
export class RowError extends Error {}

/** Text, or a number or truth value as text. @throws RowError it is something else */
export function textOf(value: unknown, what: string): string {
  if (typeof value === "object") throw new RowError(`${what}: expected text`);
  return String(value);
}
