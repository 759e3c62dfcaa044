import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEntry } from "../../harness/compile-entry.ts";

type Reporter = {
  submit(): bigint;
  awaitRecord(sequence: bigint, nowMillis: bigint): void;
  tick(nowMillis: bigint): void;
  timesTold(): number;
  lastTold(): number;
};

/** What one worker keeps while the sidecar is away. */
const RECORDS_MOST = 8_192;
const UNAVAILABLE = 10;
const now = 1_000_000n;

test("who waits for a record that is dropped is told by the tick: within a callback of another stream it could not act", async () => {
  const unavailable = new Proxy({}, { get: () => () => UNAVAILABLE });
  const { exports: reporter } = await compileEntry<Reporter>("test/filter/entries/reporter-entry.ts", {
    env: unavailable,
    wasi_snapshot_preview1: unavailable,
  });
  reporter.awaitRecord(reporter.submit(), now);
  for (let count = 0; count < RECORDS_MOST; count++) reporter.submit();
  assert.equal(reporter.timesTold(), 0, "told within a submission");
  reporter.tick(now);
  assert.deepEqual([reporter.timesTold(), reporter.lastTold()], [1, 0]);
  reporter.tick(now + 60_000n);
  assert.equal(reporter.timesTold(), 1, "told again");
});
