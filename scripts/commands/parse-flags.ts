import { type ParseArgsConfig, parseArgs } from "node:util";
import { HelpRequest } from "./help-request.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `parseArgs` with strict flags, its errors as usage errors; a flag that stands twice is one, too, unless it may be
 * `multiple`: the last word would silently win. `usage` is what the command takes.
 * @throws HelpRequest `--help` or `-h` stands among the flags
 */
export function parseFlags<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (asksForHelp(config)) throw new HelpRequest(usage);
  try {
    refuseRepeats(config);
    return parseArgs<T>(config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\nusage: ${usage}`);
  }
}

function asksForHelp(config: ParseArgsConfig): boolean {
  const help = { type: "boolean", short: "h" } as const;
  const { values } = parseArgs({ ...config, strict: false, options: { ...config.options, help } });
  return values.help === true;
}

function refuseRepeats(config: ParseArgsConfig): void {
  const { tokens } = parseArgs({ ...config, tokens: true });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option" || config.options?.[token.name]?.multiple) continue;
    if (seen.has(token.name)) throw new Error(`--${token.name} stands more than once`);
    seen.add(token.name);
  }
}
