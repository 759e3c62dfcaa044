import { fileErrorText } from "../inference-sidecar/src/file-error.ts";
import { HelpRequest } from "./commands/help-request.ts";
import { plainText } from "./commands/plain-text.ts";
import { UsageError } from "./commands/usage-error.ts";

/** Takes the arguments after the command's name, gives the process's exit code. */
export type Command = (args: string[]) => Promise<number>;

/** Runs the command of that name; help gives 0, usage errors 2, whatever else goes wrong 1. */
export async function runCommand(
  commands: Readonly<Record<string, () => Promise<Command>>>,
  usage: string,
  [name, ...rest]: readonly string[],
): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(usage);
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) return refuse(`unknown command "${name}".\n\n${usage}`);
  try {
    const command = await load();
    return await command(rest);
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(error.message);
      return 0;
    }
    if (error instanceof UsageError) return refuse(error.message);
    const text = error instanceof Error ? fileErrorText(error) : String(error);
    process.stderr.write(`postern ${name}: ${text.split("\n").map(plainText).join("\n")}\n`);
    return 1;
  }
}

function refuse(message: string): number {
  process.stderr.write(`postern: ${message}${message.endsWith("\n") ? "" : "\n"}`);
  return 2;
}
