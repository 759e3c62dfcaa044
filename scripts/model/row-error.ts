/** A row that can't be read: its message says what was expected. */
export class RowError extends Error {}
