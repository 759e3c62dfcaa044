import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

test("base64 among whose digits stands what looks like an escape is read as lenient decoders do, too", () => {
  const payload = "<svg onload=alert(1)> or 1=1 -- 'K'";
  const digits = Buffer.from(payload).toString("base64url");
  for (const marked of [digits.replace(/[0-9A-F]{2}/i, "%$&"), digits.replace(/[0-9]/, "&#$&")]) {
    for (const before of ["a=b&".repeat(3), "a=b&".repeat(600)]) {
      const path = `/?${before}q=${encodeURIComponent(marked)}`;
      const [values = []] = core.values([{ method: "GET", path, headers: [] }]);
      assert.ok(
        values.some(({ forms }) => forms.some(({ bytes }) => Buffer.from(bytes).includes(payload))),
        path.slice(-60),
      );
    }
  }
});
