import { type Report, ratioText, termsText, text, verdict } from "./report.ts";

/** The figures as they stand in `docs/benchmark.md`. */
export function markdown({ machine, rounds, checks, scenarios, started, minutes }: Report): string {
  const lines = [
    `${rounds} rounds in ${minutes.toFixed(1)} minutes, ${started.slice(0, 10)}, ${machine.processors} x ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, load before ${machine.load.map((one) => one.toFixed(2)).join(" ")}. Median [interval].`,
    "",
    "| required of what is added | ratio | µs or ms | Envoy alone | limit | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...checks.map((check) =>
      row(
        check.what,
        ratioText(check.ratio),
        termsText(check.ratio),
        check.envoyRatio === null ? "-" : ratioText(check.envoyRatio),
        `${check.limit}`,
        verdict(check).toLowerCase(),
      ),
    ),
    "",
    "| scenario | CPU Envoy, µs | CPU beside, µs | CPU added, µs | p50, ms | p99, ms |",
    "| --- | --- | --- | --- | --- | --- |",
    ...scenarios.map(({ title, envoyMicros, besideMicros, addedMicros, p50, p99 }) =>
      row(
        title,
        text(envoyMicros, 0),
        besideMicros.median === 0 ? "-" : text(besideMicros, 0),
        addedMicros === null ? "-" : text(addedMicros, 0),
        text(p50, 2),
        text(p99, 2),
      ),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
