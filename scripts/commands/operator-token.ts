import { readFile, stat } from "node:fs/promises";
import { UsageError } from "./usage-error.ts";

/** The flag of commands that an operator proves himself for. */
export const tokenFlag = { "token-file": { type: "string" } } as const;

const TOKEN = /^[\x21-\x7e]{16,512}$/;

/**
 * An operator's token from a file of mode 0600 or from POSTERN_OPERATOR_TOKEN; null: neither is given. Never an argument:
 * every user of the machine sees those.
 */
export async function operatorToken(file: string | undefined): Promise<string | null> {
  const token = file === undefined ? (process.env.POSTERN_OPERATOR_TOKEN ?? null) : await readToken(file);
  if (token !== null && !TOKEN.test(token)) {
    throw new UsageError("an operator's token is 16 to 512 printable ASCII characters without spaces.");
  }
  return token;
}

async function readToken(file: string): Promise<string> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new UsageError(`${file} can be read by others: chmod 600 it.`);
  return (await readFile(file, "utf8")).trimEnd();
}
