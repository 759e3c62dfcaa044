/** Arguments that make no sense; the message says what to write instead. Ends a command with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
