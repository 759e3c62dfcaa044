import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runPostern } from "../harness/gateway.ts";
import { groupMembers } from "../harness/process-group.ts";

test("the demo's tour: every decision is the expected one, and nothing is left running", async () => {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  try {
    const { child, output, ended } = runPostern(["start", "--check", "--state", join(folder, "state")]);
    assert.equal(await ended, 0, output());
    assert.match(output(), /^\d+ decisions, all as expected$/m);
    assert.deepEqual(await groupMembers(child.pid as number), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
