import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, test } from "node:test";
import { Gate } from "./gate.ts";
import { NOW, POLICY, token } from "./keys.ts";

const FLOOD = 100_000;
const BURST = 1000;
const REFILL_PER_SECOND = 500;

let gate: Gate;

before(async () => {
  gate = await Gate.start(POLICY);
});

test("a flood of forged tokens evicts nothing and costs no more verifications than the budget", () => {
  const good = Array.from({ length: 100 }, (_, index) => token({ jti: index }));
  for (const jwt of good) assert.equal(gate.judge(jwt), "VALID");
  const known = gate.cacheSize;
  const bytes = gate.cacheBytes;

  const forged = token().split(".").slice(0, 2).join(".");
  let verifications = gate.verifications;
  const outcomes = { SIGNATURE: 0, VERIFICATION_BUDGET: 0 };
  for (let index = 0; index < FLOOD; index++) {
    const outcome = gate.judge(`${forged}.${randomBytes(256).toString("base64url")}`);
    assert.ok(outcome === "SIGNATURE" || outcome === "VERIFICATION_BUDGET", outcome);
    outcomes[outcome] += 1;
  }
  assert.deepEqual(outcomes, { SIGNATURE: BURST, VERIFICATION_BUDGET: FLOOD - BURST });
  assert.equal(gate.verifications - verifications, BURST);
  assert.equal(gate.cacheSize, known);
  assert.equal(gate.cacheBytes, bytes);

  verifications = gate.verifications;
  for (const jwt of good) assert.equal(gate.judge(jwt), "VALID");
  assert.equal(gate.verifications, verifications);
  assert.equal(gate.judge(token({ jti: "new" })), "VERIFICATION_BUDGET");

  gate.now += 1000;
  for (let index = 0; index < 2000; index++) gate.judge(`${forged}.${randomBytes(256).toString("base64url")}`);
  assert.equal(gate.verifications - verifications, REFILL_PER_SECOND);
  gate.now += 2;
  assert.equal(gate.judge(token({ jti: "new" })), "VALID");
});

test("a good signature costs nothing, whatever else is wrong with the token", () => {
  gate.now = (NOW + 60) * 1000;
  assert.ok(gate.budgetAllows(gate.now));
  for (let index = 0; index < 3 * BURST; index++) {
    assert.equal(gate.judge(token({ jti: index, aud: "others" })), "AUDIENCE");
  }
});

test("the bucket: full after any leap, not refilled by a clock that goes back", () => {
  const spend = (millis: number) => {
    let spent = 0;
    while (spent <= 2 * BURST && gate.budgetAllows(millis)) {
      gate.chargeBudget();
      spent += 1;
    }
    return spent;
  };
  const start = 4_000_000_000_000;
  assert.equal(spend(start), BURST);
  assert.equal(spend(start + 1), 0);
  assert.equal(spend(start + 2), 1);
  assert.equal(spend(start - 5000), 0);
  assert.equal(spend(start - 4000), REFILL_PER_SECOND);
  assert.equal(spend(2 ** 53), BURST);
  assert.equal(spend(0), 0);
});
