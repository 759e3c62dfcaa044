import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

function told(contentType: string, body: string): string[] {
  const headers = [["content-type", contentType]] as const;
  const [values = []] = core.values([{ method: "POST", path: "/", headers, body: Buffer.from(body, "latin1") }]);
  return values
    .filter(({ component }) => component === "body")
    .map(({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString("latin1")}`);
}

test("a form is one whatever stands behind its type", () => {
  const type = "application/x-www-form-urlencoded";
  for (const more of ["", "; charset=utf-8", " foo", " foo; charset=utf-8", "\tfoo"]) {
    const values = told(`${type}${more}`, "\xff\x01&q=;cat /etc/passwd;&\x01\x01\x01");
    assert.ok(values.includes("form:q = ;cat /etc/passwd;"), `${more}: ${values.join("\n")}`);
  }
});

test("character sets in which ASCII stands for itself hide nothing, nor does an empty name", () => {
  const names =
    "iso8859-1 iso_8859-1 ISO_8859-1:1987 windows-31j CP932 ms932 x-sjis windows-874 tis-620 cp850 ibm866 " +
    "ks_c_5601-1987 macintosh binary ANSI_X3.4-1968 utf_8 cp866 cp949";
  for (const name of ["", '""', ...names.split(" "), '"cp850"']) {
    assert.deepEqual(told(`text/plain; charset=${name}`, "abc"), ["body = abc"], name);
    assert.deepEqual(told(`text/plain; charset=${name}; x=y`, "abc"), ["body = abc"], name);
  }
  for (const name of ["cp037", "ibm8660", "ibm037", "utf-7", "x", "cp8500", "hz-gb-2312", "iso-2022-jp"]) {
    assert.deepEqual(told(`text/plain; charset=${name}`, "abc"), [], name);
  }
});
