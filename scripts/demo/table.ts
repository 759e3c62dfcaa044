export interface Row {
  readonly title: string;
  /** Status and private reason. */
  readonly expected: string;
  readonly got: string;
  readonly scoredBy: string;
  /** Decision id. */
  readonly decision: string;
  readonly asExpected: boolean;
}

/** Prints the tour's outcome and its sum. */
export function printTable(rows: readonly Row[]): void {
  const columns: readonly [heading: string, cell: (row: Row) => string][] = [
    ["", (row) => (row.asExpected ? "ok" : "WRONG")],
    ["request", (row) => row.title],
    ["expected", (row) => row.expected],
    ["got", (row) => row.got],
    ["scored by", (row) => row.scoredBy],
    ["decision", (row) => row.decision],
  ];
  const widths = columns.map(([heading, cell]) => Math.max(heading.length, ...rows.map((row) => cell(row).length)));
  const line = (cells: string[]) =>
    `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")}`.trimEnd();
  const wrong = rows.filter(({ asExpected }) => !asExpected).length;
  const sum = wrong === 0 ? "all as expected" : `${wrong} NOT as expected`;
  const lines = [
    line(columns.map(([heading]) => heading)),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
    `${rows.length} decisions, ${sum}`,
  ];
  process.stdout.write(`\n${lines.join("\n")}\n\n`);
}
