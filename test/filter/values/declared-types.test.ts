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
