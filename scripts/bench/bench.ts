import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HelpRequest } from "../commands/help-request.ts";
import { onInterruption } from "../commands/interruption.ts";
import { parseFlags } from "../commands/parse-flags.ts";
import { UsageError } from "../commands/usage-error.ts";
import { replaceFile } from "../replace-file.ts";
import { markdown } from "./markdown.ts";
import { printReport } from "./report.ts";
import { runBenchmark } from "./run.ts";
import { scenario, scenarios } from "./scenarios.ts";

const usage = "npm run bench -- [--json FILE] [--rounds N] [--seconds S] [--minutes M] [--only ID,ID…] [--markdown]";

/** `npm run bench`: 0 when everything was measured, whatever the figures say; 1 when something could not be. */
export async function bench(args: string[]): Promise<number> {
  try {
    return await measureAndTell(args);
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(error.message);
      return 0;
    }
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function measureAndTell(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: {
      json: { type: "string" },
      rounds: { type: "string", default: "12" },
      seconds: { type: "string", default: "0.8" },
      minutes: { type: "string", default: "14.5" },
      only: { type: "string" },
      markdown: { type: "boolean", default: false },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const report = await runBenchmark({
      scenarios: values.only === undefined ? scenarios : values.only.split(",").map(named),
      rounds: numberBetween("--rounds", values.rounds, 1, 1_000, Number.isInteger),
      // All tokens of a visit are made before it, and nothing ends a window.
      seconds: numberBetween("--seconds", values.seconds, 0.1, 60),
      minutes: numberBetween("--minutes", values.minutes, 1, 1_440),
      folder,
      signal: onInterruption(),
      report: (line) => process.stderr.write(`bench: ${line}\n`),
    });
    if (values.markdown) process.stdout.write(markdown(report));
    else printReport(report);
    if (values.json !== undefined) await replaceFile(resolve(values.json), `${JSON.stringify(report, null, 2)}\n`);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function named(id: string) {
  try {
    return scenario(id);
  } catch (error) {
    throw new UsageError(`--only ${id}: ${(error as Error).message}`);
  }
}

function numberBetween(flag: string, text: string, least: number, most: number, isWhole?: (value: number) => boolean) {
  const value = Number(text);
  if (value >= least && value <= most && (isWhole?.(value) ?? true)) return value;
  throw new UsageError(`${flag} ${text}: write a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`);
}
