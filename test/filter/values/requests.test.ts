import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

interface Row {
  readonly id: string;
  readonly source: string;
  readonly licence: string;
  readonly label: "benign" | "attack";
  readonly payload: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
}

const text = await readFile(new URL("../../fixtures/requests.jsonl", import.meta.url), "utf8");
const rows = text
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);
const core = await loadCore();
const values = core.values(
  rows.map(({ body, ...request }) => (body === undefined ? request : { ...request, body: Buffer.from(body) })),
);

test("every payload is seen as it is, wherever in a request it stands and however it is encoded there", () => {
  const hidden = rows.filter((row, index) => {
    const payload = Buffer.from(row.payload);
    return !values[index]?.some(({ forms }) => forms.some(({ bytes }) => payload.equals(bytes)));
  });
  assert.deepEqual(
    hidden.map(({ id }) => id),
    [],
  );
});

test("an everyday request has few values and few forms", () => {
  for (const [index, row] of rows.entries()) {
    if (row.label !== "benign") continue;
    const found = values[index] ?? [];
    assert.ok(found.length <= 8, `${row.id}: ${found.length} values`);
    assert.ok(
      found.every(({ forms }) => forms.length <= 4),
      row.id,
    );
  }
});

test("every row names a source and a licence that may be published", () => {
  for (const row of rows) assert.match(`${row.source}: ${row.licence}`, /^.+: (Apache-2\.0|CC0-1\.0)$/);
  assert.equal(rows.filter(({ label }) => label === "attack").length, rows.length / 2);
});
