import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const RUNGS = { Observe: "observe", Detect: "detect", Prevent: "prevent" } as Record<string, string>;

test("docs/reasons.md and the filter's table of reasons say the same, both ways", async () => {
  const source = await readFile("filter/verdict.ts", "utf8");
  const code = [...source.matchAll(/row\("(\w+)", (\d+), "(\w+)", Rung\.(\w+)\)/g)].map(
    ([, reason, status, publicReason, rung]) => [reason, status, publicReason, RUNGS[rung ?? ""]].join(" "),
  );
  const document = await readFile("docs/reasons.md", "utf8");
  const documented = [...document.matchAll(/^\| `(\w+)` \| (\d+) \| `(\w+)` \| (\w+) \|/gm)].map((row) =>
    row.slice(1).join(" "),
  );
  assert.ok(code.length > 20, `only ${code.length} rows found in the source`);
  assert.deepEqual(documented, code);
});

test("the table of reasons has one row for each reason, in the order of the enum", async () => {
  const source = await readFile("filter/verdict.ts", "utf8");
  const members = (source.match(/const enum Reason \{([^}]*)\}/)?.[1] ?? "").match(/\w+/g) ?? [];
  const codes = [...source.matchAll(/row\("(\w+)"/g)].map((match) => match[1]);
  assert.deepEqual(
    members.map((member) => member.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()),
    codes,
  );
});
