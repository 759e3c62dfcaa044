import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreValue, loadCore } from "../../../scripts/core.ts";

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
  const units = [
    "/*",
    "&#",
    "&",
    "%",
    "%u",
    "\\u{",
    "\\0",
    "base64,",
    "a=&",
    "&lt",
    "\xe0",
    "{",
    "[",
    '"\\u',
    "=",
    ";",
    "/",
    "A ",
    "<a>",
    "<a b='c'/>",
    "x<!---->",
    "<![CDATA[",
    "<!--",
    "<!-",
    "]",
    "\r\n--X",
    "--X\r\n\r\n",
    "--X\r\nContent-Disposition: form-data; filename*=a\r\n\r\n",
    "; name*=",
    "\0",
    "\0aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\0\xc3\xa9",
  ];
  for (const unit of units) {
    const millis = (repeats: number) => {
      const text = Buffer.from(unit.repeat(repeats), "latin1");
      const path = `/${unit.repeat(repeats)}`.replace(/[^!-~]/g, "x");
      const before = process.cpuUsage();
      const body = (type: string, start: string) => ({
        method: "POST",
        path,
        headers: [
          ["cookie", path],
          ["via", path],
          ["accept", path],
          ["content-type", type],
        ] as const,
        body: Buffer.concat([Buffer.from(start), text]),
      });
      core.values([body("", ""), body("text/xml", "<a>"), body("multipart/form-data; boundary=X", "--X\r\n")]);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    millis(1000);
    const small = Math.min(millis(20_000), millis(20_000), millis(20_000));
    const large = Math.min(millis(80_000), millis(80_000));
    assert.ok(large < Math.max(small, 2) * 12, `${unit}: ${small} ms, four times the bytes ${large} ms`);
  }
});
