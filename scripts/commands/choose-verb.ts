import type { Command } from "../run-command.ts";
import { HelpRequest } from "./help-request.ts";
import { UsageError } from "./usage-error.ts";

/** The command behind a word such as `show` of `log show`. @throws HelpRequest, UsageError there is none */
export function chooseVerb(verbs: Readonly<Record<string, Command>>, usage: string, verb: string | undefined): Command {
  if (verb === "--help" || verb === "-h") throw new HelpRequest(usage);
  const command = verb !== undefined && Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!command) throw new UsageError(`usage: ${usage}`);
  return command;
}
