import assert from "node:assert/strict";
import { test } from "node:test";
import { requireRoom, unreclaimableBytes } from "../../inference-sidecar/src/models/memory.ts";

const MIB = 1024 * 1024;

test("a second model is refused where the limit leaves too little, with both numbers", () => {
  const refusal = /needs 112 MiB of memory, and this process's limit leaves (\d+) MiB/;
  requireRoom(0, 10_000 * MIB);
  requireRoom(224 * MIB, 112 * MIB);
  assert.throws(() => requireRoom(224 * MIB, 112 * MIB + 1), refusal);
  assert.throws(() => requireRoom(100 * MIB, 200 * MIB), /leaves 0 MiB/);
});

test("what counts is what the process has of its own", () => {
  assert.equal(
    unreclaimableBytes("VmRSS:\t  171584 kB\nRssAnon:\t  125292 kB\nRssFile:\t   46292 kB\n"),
    125_292 * 1024,
  );
  assert.ok(unreclaimableBytes("Name:\tnode\n") > MIB, "all of it where that is not told");
});
