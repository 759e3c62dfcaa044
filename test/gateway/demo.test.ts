import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runPostern } from "../harness/gateway.ts";

test("the demo's tour: every decision is the expected one, and nothing is left running", async () => {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  try {
    const { output, ended, members } = runPostern(["start", "--check", "--state", join(folder, "state")]);
    assert.equal(await ended, 0, output());
    assert.match(output(), /^\d+ decisions, all as expected$/m);
    assert.deepEqual(await members(), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
