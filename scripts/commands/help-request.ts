/** `--help` was asked for; the message is what the command takes. It goes to standard output, with exit code 0. */
export class HelpRequest extends Error {
  override readonly name = "HelpRequest";

  /** `usage` is what stands behind the word "usage". */
  constructor(usage: string) {
    super(`usage: ${usage}\n`);
  }
}
