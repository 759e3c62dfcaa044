import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";
import { units } from "./fuzz/grammar.ts";
import { repeated } from "./fuzz/inputs.ts";

const core = await loadCore();
const MAX_VALUES = 512;
const SCRIPT = "<script>alert(1)</script>";

function shows(values: readonly CoreValue[], text: string): boolean {
  return values.some(({ forms }) => forms.some(({ bytes }) => Buffer.from(bytes).includes(text)));
}

function junk(count: number, separator: string): string {
  return Array.from({ length: count }, (_, index) => `a${index}=v${index}`).join(separator);
}

const hidden = [
  SCRIPT,
  encodeURIComponent(SCRIPT),
  encodeURIComponent(encodeURIComponent(SCRIPT)),
  Buffer.from(SCRIPT).toString("base64url"),
];

for (const payload of hidden) {
  test(`a flood of values hides nothing: ${payload.slice(0, 20)}`, () => {
    const json = Buffer.from(JSON.stringify([...Array.from({ length: 900 }, (_, index) => `v${index}`), payload]));
    const requests = [
      { method: "GET", path: `/?${junk(900, "&")}&z=${payload}`, headers: [] },
      { method: "GET", path: "/", headers: [["cookie", `${junk(900, ";")};z=${payload}`]] as const },
      {
        method: "GET",
        path: "/",
        headers: [...Array.from({ length: 900 }, (_, i) => [`x-${i}`, "v"] as const), ["x-z", payload] as const],
      },
      { method: "POST", path: "/", headers: [], body: Buffer.from(`${junk(900, "&")}&z=${payload}`) },
      { method: "POST", path: "/", headers: [], body: json },
      { method: "POST", path: `/?${junk(900, "&")}`, headers: [], body: Buffer.from(`z=${payload}`) },
    ];
    for (const [index, values] of core.values(requests).entries()) {
      assert.ok(values.length <= MAX_VALUES, `${values.length} values`);
      assert.ok(shows(values, SCRIPT), `request ${index} hides the payload`);
      const rest = values.find(({ kind }) => kind === "rest");
      assert.equal(rest?.label, "rest");
      assert.ok(rest && rest.end > rest.start);
    }
  });
}

test("values of a flood are decoded each by itself: a comment that begins in one ends in no other", () => {
  const fields = [
    ...Array.from({ length: 600 }, (_, i) => `v${i}`),
    "/*",
    "un/**/ion",
    "*/",
    "PHNjcmlwdD5hbGVydCgx",
    "%3c",
  ];
  const [values = []] = core.values([
    { method: "POST", path: "/", headers: [], body: Buffer.from(JSON.stringify(fields)) },
  ]);
  const rest = values.find(({ kind }) => kind === "rest");
  const [first, ...decoded] = (rest?.forms ?? []).map(({ bytes }) => Buffer.from(bytes).toString());
  assert.equal(first, fields.slice(510).join("\n"));
  assert.deepEqual(decoded, ["un ion\n<script>alert(1\n<"]);
});

test("forms together are at most eight times the input", () => {
  const nested = Array.from({ length: 6 }).reduce<string>((text) => encodeURIComponent(text), "<".repeat(2000));
  const worst = [nested, "&#60;".repeat(9000), "\\u003c".repeat(9000), "a /**/\t".repeat(9000), "%25".repeat(15_000)];
  for (const text of worst) {
    const [forms = []] = core.forms([Buffer.from(text)]);
    const total = forms.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.ok(forms.length <= 6);
    assert.ok(total <= 8 * text.length, `${total} bytes of forms for ${text.length}`);
  }
});

test("time grows with the bytes, not with their square", () => {
  for (const unit of units) {
    const millis = (bytes: number) => {
      const requests = repeated(unit, bytes);
      const before = process.cpuUsage();
      core.values(requests);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    const small = Math.min(millis(16_384), millis(16_384));
    const large = Math.min(millis(65_536), millis(65_536));
    assert.ok(large < Math.max(small, 2) * 12, `${unit}: ${small} ms, four times the bytes ${large} ms`);
  }
});

test("a value takes the time of its own bytes, however long one before it was", () => {
  const request = { method: "POST", path: "/", headers: [] };
  const words = Buffer.from(Array.from({ length: 4000 }, (_, index) => `a=administrator${index}`).join("&"));
  const millis = () => {
    const before = process.cpuUsage();
    core.values([{ ...request, body: words }]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const first = Math.min(millis(), millis(), millis());
  core.values([{ ...request, body: Buffer.alloc(262_144, "x'") }]);
  const later = Math.min(millis(), millis(), millis());
  assert.ok(later < Math.max(first, 2) * 5, `${first} ms, behind a long value ${later} ms`);
});
