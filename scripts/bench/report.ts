import { availableParallelism, cpus, loadavg, release } from "node:os";
import type { Check } from "./checks.ts";
import type { ScenarioResult } from "./results.ts";
import type { Estimate, Ratio } from "./statistics.ts";

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  /** That this process may run on. */
  readonly processors: number;
  readonly kernel: string;
  readonly node: string;
  /** Of one, five and fifteen minutes, before the benchmark. */
  readonly load: readonly number[];
}

/** What `--json` writes. */
export interface Report {
  readonly version: 1;
  readonly started: string;
  readonly minutes: number;
  readonly machine: Machine;
  readonly rounds: number;
  readonly windowSeconds: number;
  /** Median of the windows' 99th percentiles of what the generator was late, milliseconds. */
  readonly generatorLateness: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly checks: readonly Check[];
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "",
    processors: availableParallelism(),
    kernel: release(),
    node: process.version,
    load: loadavg(),
  };
}

/** The figures for people. */
export function printReport(report: Report): void {
  const { machine, rounds, windowSeconds } = report;
  const lines = [
    `${machine.processors} x ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, load before ${machine.load.map((one) => one.toFixed(2)).join(" ")}`,
    `${rounds} rounds, ${windowSeconds} s flat out and as long at a fixed rate for each scenario on a visit, in ${report.minutes.toFixed(1)} minutes; the generator's p99 of being late: ${report.generatorLateness.toFixed(2)} ms`,
    "median [interval]; CPU in µs a request, flat out; added: Envoy and beside it, less bare Envoy on the same visit",
    "p50 and p99 in ms at a fixed rate, the same for all of a kind of request",
    "",
    ...table(
      ["", "CPU Envoy", "CPU beside", "CPU added", "flat out/s", "rate/s", "p50", "p99"],
      report.scenarios.map((row) => [
        row.title,
        text(row.envoyMicros, 0),
        row.besideMicros.median === 0 ? "-" : text(row.besideMicros, 0),
        row.addedMicros === null ? "-" : text(row.addedMicros, 0),
        text(row.most, 0),
        String(row.rate),
        text(row.p50, 2),
        text(row.p99, 2),
      ]),
    ),
    "",
    ...table(
      ["required of what is added", "ratio", "µs or ms", "Envoy alone", "limit", "aim", ""],
      report.checks.map((check) => [
        check.what,
        ratioText(check.ratio),
        termsText(check.ratio),
        check.envoyRatio === null ? "-" : ratioText(check.envoyRatio),
        String(check.limit),
        check.aim === null ? "-" : String(check.aim),
        verdict(check),
      ]),
    ),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Its interval as well, which may hold the limit. */
export function verdict({ passes, certain }: Check): string {
  return `${passes ? "pass" : "FALLS SHORT"}${certain ? "" : ", not certain"}`;
}

export function ratioText({ value, low, high }: Ratio): string {
  return text({ median: value, low, high }, 2);
}

/** What the two of it add. */
export function termsText({ of, to }: Ratio): string {
  const digits = Math.abs(to) < 10 ? 2 : 0;
  return `${of.toFixed(digits)} / ${to.toFixed(digits)}`;
}

export function text({ median, low, high }: Estimate, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

/** Columns as wide as their widest cell; all but the first to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return all.map((row) => line(row).trimEnd());
}
