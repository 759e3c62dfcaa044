import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type CoreRequest, loadCore } from "../../scripts/core.ts";
import { evaluateFile } from "../../scripts/model/evaluate-file.ts";
import { labelledRow } from "../../scripts/model/labelled-row.ts";
import { placePayload } from "../../scripts/model/place-payload.ts";
import { RowError } from "../../scripts/model/row-error.ts";
import { openShippedPath, type ShippedPath } from "../../scripts/model/shipped-path.ts";
import { rocArea, wilson } from "../../scripts/model/statistics.ts";
import { runPostern } from "../harness/gateway.ts";

const fixture = new URL("../fixtures/requests.jsonl", import.meta.url);
let folder: string;
let path: ShippedPath;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "evaluate-"));
  path = await openShippedPath();
});
after(() => rm(folder, { recursive: true, force: true }));

async function evalCommand(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { output, ended } = runPostern(["model", "eval", ...args]);
  return { code: await ended, output: output() };
}

test("model eval gives what the path says of each row, in text and JSON, packed or not", async () => {
  const text = await readFile(fixture, "utf8");
  const rows = text.trim().split("\n").map(labelledRow);
  const denied = { attack: 0, benign: 0 };
  for (const { label, request } of rows) {
    if ((await path.judge(request)).verdict.effect === "deny") denied[label] += 1;
  }
  const packed = join(folder, "requests.jsonl.gz");
  await writeFile(packed, gzipSync(text));
  const json = await evalCommand(packed, "--json");
  assert.equal(json.code, 0, json.output);
  // On a busy machine lines of progress stand before it.
  const quality = JSON.parse(json.output.trim().split("\n").at(-1) ?? "");
  assert.equal(quality.bundle.digest, path.digest);
  assert.deepEqual([quality.rows, quality.unreadable, quality.attacks.denied.of], [200, 0, 100]);
  assert.deepEqual([quality.attacks.denied.count, quality.benign.denied.count], [denied.attack, denied.benign]);
  const byCategory = Object.values(quality.attacksByCategory) as { denied: { count: number; of: number } }[];
  assert.equal(
    byCategory.reduce((sum, group) => sum + group.denied.count, 0),
    denied.attack,
  );
  const { attacks: own } = quality;
  assert.equal(own.deniedByScreen + own.deniedByModel + own.deniedOtherwise, own.denied.count);
  assert.ok(quality.rocArea.area > 0.9 && quality.rocArea.low <= quality.rocArea.area);
});

test("lines that can't be read are named by number and left out; a file without any other is an error", async () => {
  const file = join(folder, "mixed.jsonl");
  const good = JSON.stringify({ label: "attack", payload: "' OR '1'='1", category: null, extra: [{}] });
  await writeFile(file, `${good}\n\nnot json\n{"path":"/"}\n[1]\n{"label":"benign","path":7}`);
  const { code, output } = await evalCommand(file);
  assert.equal(code, 0);
  assert.match(output, /1 of 1 attacks denied/);
  assert.match(output, /4 lines could not be read/);
  assert.match(output, /mixed\.jsonl:3: not JSON/);
  assert.match(output, /mixed\.jsonl:4: label: expected "attack" or "benign"/);
  assert.match(output, /mixed\.jsonl:5: the line: expected an object/);
  assert.match(output, /mixed\.jsonl:6: path: expected text/);
  await writeFile(file, "{}\n");
  const none = await evalCommand(file);
  assert.equal(none.code, 2);
  assert.match(none.output, /has no labelled request that can be read/);
  const ignore = () => undefined;
  await assert.rejects(
    evaluateFile(join(folder, "absent.jsonl"), path, ignore, ignore),
    /absent\.jsonl does not exist \[file_unreadable\]$/,
  );
  const broken = join(folder, "broken.jsonl.gz");
  await writeFile(broken, gzipSync(good).subarray(0, 30));
  await assert.rejects(
    evaluateFile(broken, path, ignore, ignore),
    /broken\.jsonl\.gz is not what gzip makes, or not all of it \[/,
  );
});

test("what a terminal would act on is written out: rows are what attackers sent", async () => {
  const file = join(folder, "escapes.jsonl");
  const row = { label: "attack", source: "a\u001b[31m", category: "b\u009b2J", payload: "1 union select 1" };
  await writeFile(file, `${JSON.stringify(row)}\n\u001b]0;x\u0007\n`);
  const { code, output } = await evalCommand(file);
  assert.equal(code, 0, output);
  assert.match(output, /escapes\.jsonl:2: not JSON: .*\\u001b\]0;x/);
  assert.match(output, /^ +a\\u001b\[31m /m);
  for (const control of ["\u001b", "\u0007", "\u009b"]) assert.ok(!output.includes(control));
});

test("a whole request is the same in every notation", () => {
  const body = '{"a":"é"}';
  const base64 = Buffer.from(body).toString("base64");
  const headers = { "Content-Type": "application/json", "X-Two": ["1", "2"], Host: "a.example" };
  const pairs = [
    ["content-type", "application/json"],
    ["x-two", "1"],
    ["x-two", "2"],
    ["host", "a.example"],
  ];
  const notations = [
    { path: "/p?q=1", headers, body, kind: "request" },
    { url: "http://a.example/p?q=1", headers: pairs.slice(0, 3), body_base64: base64, payload: "'" },
    { target: "/p", query: "q=1", headers: pairs.map(([name, value]) => ({ name, value })), body: { base64 } },
    {
      request: {
        uri: "/p",
        query: { q: 1 },
        headers: "Content-Type: application/json\r\nX-Two: 1\r\nX-Two: 2\r\nHost: a.example\r\n",
        body: { a: "é" },
      },
    },
    { path: "/p?q=1", headers, body: base64, encoding: "base64" },
  ];
  const read = notations.map((row) => labelledRow(JSON.stringify({ label: "benign", method: "POST", ...row })).request);
  for (const request of read) assert.deepEqual(request, read[0]);
  assert.equal(read[0]?.authority, "a.example");
});

test("an object where text belongs, or one nested without end, is no reason to stop", () => {
  const odd = '{ "toString": "", "valueOf": "" }';
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const form = '"headers": { "content-type": "application/x-www-form-urlencoded" }';
  for (const fields of [
    ...[`"method": ${odd}`, `"label": ${odd}`, `"headers": [[${odd}, "a"]]`, `"headers": [["a", ${odd}]]`],
    ...[`"query": { "a": ${odd} }`, `"query": { "a": ${deep} }`, `"encoding": ${odd}, "body": "a"`],
    ...[`"body": ${deep}`, `"body": { "a": ${odd} }, ${form}`, `"body": { "a": ${deep} }, ${form}`],
  ]) {
    const text = `{ "label": "attack", "path": "/", ${fields} }`;
    assert.throws(() => labelledRow(text), RowError, text.slice(0, 80));
  }
});

test("whatever a line holds, it is a request or a RowError that says what was expected", () => {
  const anyRow = fc.record(
    Object.fromEntries(
      [
        "kind",
        "label",
        "payload",
        "as_path",
        "method",
        "path",
        "url",
        "query",
        "headers",
        "body",
        "encoding",
        "source",
        "request",
      ].map((name) => [
        name,
        fc.oneof(
          fc.jsonValue({ maxDepth: 2 }),
          fc.constantFrom("attack", "benign", "payload", "request", "/a?b", "base64"),
        ),
      ]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        anyRow,
        anyRow.map((row) => ({ ...row, label: "attack" })),
      ),
      (row) => {
        try {
          const { request } = labelledRow(JSON.stringify(row));
          assert.match(String(request.path), /^[/*][!-~]*$/);
        } catch (error) {
          assert.ok(error instanceof RowError, String(error));
          assert.match(error.message, /expected/);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("attack requests without their payload score as benign through the whole path", async () => {
  const core = await loadCore();
  const text = await readFile(fixture, "utf8");
  const rows = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const emptied: CoreRequest[] = ["", "a", "b", "c"].map((payload) => placePayload(Buffer.from(payload), false));
  for (const row of rows.filter(({ label }) => label === "attack")) {
    const { request } = labelledRow(JSON.stringify({ ...row, kind: "request" }));
    const [values = []] = core.values([request]);
    const payload = Buffer.from(row.payload);
    const found = values.find(({ forms }) => forms.some(({ bytes }) => payload.equals(bytes)));
    assert.ok(found, row.id);
    emptied.push(without(request, found));
  }
  for (const request of emptied) {
    const { verdict, score } = await path.judge(request);
    const told = `${request.method} ${request.path} ${Buffer.from(request.body ?? "")}`;
    assert.equal(verdict.effect, "permit", told);
    assert.ok(score.screenMillionths < path.thresholds.clearBelow, `${told}: ${score.screenMillionths}`);
  }
});

/** The request without the bytes in which a value came. */
function without(
  request: CoreRequest,
  { component, start, end }: { component: string; start: number; end: number },
): CoreRequest {
  const cut = (text: string | Uint8Array, from: number) => {
    const bytes = Buffer.from(text as string);
    return Buffer.concat([bytes.subarray(0, from + start), bytes.subarray(from + end)]);
  };
  const target = String(request.path);
  if (component === "path") return { ...request, path: cut(target, 0) };
  if (component === "query") return { ...request, path: cut(target, target.indexOf("?") + 1) };
  if (component === "body") return { ...request, body: cut(request.body ?? "", 0) };
  const [agent, [name, value] = ["", ""]] = request.headers;
  return { ...request, headers: [agent as readonly [string, string], [String(name), cut(value, 0)]] };
}

test("shares have Wilson's interval, and the area under the curve is that of all pairs", () => {
  const { low, high } = wilson(8, 10);
  assert.ok(Math.abs(low - 0.4902) < 1e-4 && Math.abs(high - 0.9433) < 1e-4, `${low} ${high}`);
  assert.ok(wilson(0, 50).low === 0 && Math.abs(wilson(0, 50).high - 0.0713) < 1e-4);
  assert.equal(wilson(0, 0).share, null);
  const scores = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(scores, scores, (positives, negatives) => {
      let wins = 0;
      for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
      const found = rocArea(positives, Float64Array.from(negatives).sort());
      assert.ok(found && Math.abs(found.area - wins / (positives.length * negatives.length)) < 1e-9);
      assert.ok(found.low <= found.area && found.area <= found.high);
    }),
  );
});
