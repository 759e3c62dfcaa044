import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./fuzz/run.ts";

const INPUTS = 20_000;
const MAX_MEMORY_BYTES = 32 << 20;
/** Set it to a printed seed to repeat a run; `npm run fuzz` makes a longer one. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

test(`${INPUTS} inputs trap nothing and keep to the limits (FUZZ_SEED=${seed})`, async () => {
  const { inputs, memoryBytes } = await fuzz(INPUTS, seed, () => {});
  assert.equal(inputs, INPUTS);
  assert.ok(memoryBytes <= MAX_MEMORY_BYTES, `${memoryBytes} bytes of memory`);
});
