import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Gate } from "../identity/gate.ts";
import { NOW, POLICY } from "../identity/keys.ts";

const WINDOW = 60;
const at = (seconds: number) => {
  gate.now = (NOW + seconds) * 1000;
};

let gate: Gate;
before(async () => {
  gate = await Gate.start(POLICY);
});

test("failures count until the window is over that began with the first", () => {
  at(0);
  assert.deepEqual([gate.fail("a", WINDOW), gate.fail("a", WINDOW), gate.fail("b", WINDOW)], [1, 2, 1]);
  at(59);
  assert.deepEqual([gate.fail("a", WINDOW), gate.failures("b", WINDOW)], [3, 1]);
  at(60);
  assert.deepEqual([gate.failures("a", WINDOW), gate.fail("a", WINDOW)], [0, 1]);
});

test("a clock that is set back, or a window that becomes shorter, ends it: nobody is kept out for as long as the step was", () => {
  at(1000);
  assert.equal(gate.fail("c", WINDOW), 1);
  at(1000 - 86_400);
  assert.deepEqual([gate.failures("c", WINDOW), gate.fail("c", WINDOW)], [0, 1]);
  at(1001);
  assert.equal(gate.fail("e", 1), 1);
  at(1000);
  assert.equal(gate.fail("e", 1), 2);
  at(2000);
  assert.equal(gate.fail("d", 3600), 1);
  at(2001);
  assert.deepEqual([gate.failures("d", WINDOW), gate.failures("d", 3600)], [0, 1]);
});
