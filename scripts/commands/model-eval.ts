import { evaluateFile } from "../model/evaluate-file.ts";
import { qualityText } from "../model/quality-text.ts";
import { shippedBundle } from "../model/shipped-bundle.ts";
import { openShippedPath } from "../model/shipped-path.ts";
import type { Quality } from "../model/tally.ts";
import { parseFlags } from "./parse-flags.ts";
import { plainText } from "./plain-text.ts";
import { UsageError } from "./usage-error.ts";

export const evalUsage = "postern model eval FILE.jsonl[.gz] [--model DIR] [--json]";
/** Lines that can't be read are named up to here, and counted beyond. */
const NAMED_MOST = 20;
const PROGRESS_MILLIS = 10_000;
const PROGRESS_MILLIS_ON_A_TERMINAL = 200;

/** Measures the shipped path on labelled requests; 1 where the file has not one row. */
export async function modelEval(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(evalUsage, {
    args,
    allowPositionals: true,
    options: { model: { type: "string", default: shippedBundle }, json: { type: "boolean", default: false } },
  });
  const [file] = positionals;
  if (positionals.length !== 1 || file === undefined) throw new UsageError(`usage: ${evalUsage}`);
  const path = await openShippedPath(values.model);
  const started = performance.now();
  const { quality, unreadable } = await evaluateFile(file, path, unreadableLines(file), progress());
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (quality.rows === 0) throw new UsageError(`${file} has no labelled request that can be read.`);
  const report = {
    file,
    bundle: { digest: path.digest, thresholds: path.thresholds },
    unreadable,
    seconds,
    ...quality,
  };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${inWords(report).map(plainText).join("\n")}\n`);
  return 0;
}

function inWords(report: Quality & { file: string; bundle: { digest: string }; unreadable: number; seconds: number }) {
  const { file, bundle, unreadable, seconds, rows } = report;
  return [
    `${file}: ${rows} requests in ${seconds} s, as in prevent with maxBody 256KiB`,
    `bundle ${bundle.digest}`,
    ...(unreadable > 0 ? [`${unreadable} lines could not be read and are left out`] : []),
    "",
    ...qualityText(report),
  ];
}

function unreadableLines(file: string): (line: number, why: string) => void {
  let named = 0;
  return (line, why) => {
    named += 1;
    if (named <= NAMED_MOST) process.stderr.write(`${plainText(`${file}:${line}: ${why}`)}\n`);
    if (named === NAMED_MOST) process.stderr.write("further lines that can't be read are counted only\n");
  };
}

function progress(): (rows: number) => void {
  const { isTTY } = process.stderr;
  let last = performance.now();
  return (rows) => {
    const now = performance.now();
    if (now - last < (isTTY ? PROGRESS_MILLIS_ON_A_TERMINAL : PROGRESS_MILLIS)) return;
    last = now;
    process.stderr.write(isTTY ? `\r${rows} requests …` : `${rows} requests …\n`);
  };
}
