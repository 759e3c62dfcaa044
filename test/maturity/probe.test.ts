import assert from "node:assert/strict";
import { test } from "node:test";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { probesOf } from "../../inference-sidecar/src/self-test/probe.ts";
import { loadCore } from "../../scripts/core.ts";

test("the good request of a self-test is cleared by the screen: it asks no model, and no budget of a route denies it", async () => {
  const core = await loadCore();
  const { clearBelow } = core.thresholds();
  for (const path of ["/search", "/comments/**", "/orders/{id}"]) {
    const probe = probesOf({ hosts: [], methods: METHODS, path }).find(({ kind }) => kind === "benign");
    const [values = []] = core.values([
      { method: "GET", authority: "shop.example", headers: [], path: probe?.path ?? "" },
    ]);
    const forms = values.flatMap((value) => value.forms);
    assert.ok(forms.length > 1);
    for (const [index, { millionths }] of core.screen(forms.map(({ bytes }) => bytes)).entries()) {
      assert.ok(millionths < clearBelow, `${Buffer.from(forms[index]?.bytes ?? []).toString()}: ${millionths}`);
    }
  }
});
