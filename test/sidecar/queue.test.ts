import assert from "node:assert/strict";
import { test } from "node:test";
import { Admission } from "../../inference-sidecar/src/admission.ts";
import type { ModelAnswer } from "../../inference-sidecar/src/model-run.ts";
import { BatchQueue } from "../../inference-sidecar/src/queue.ts";
import { ServiceError } from "../../inference-sidecar/src/service-error.ts";
import type { Window } from "../../inference-sidecar/src/tokenizer.ts";

const forever = { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY };
const window = (byte: number) => ({ bytes: Uint8Array.of(byte), edges: 0 });

/** A model of one class that answers each window's first byte, and twice that byte as its surprisal, batch by batch when told to. */
function heldModel() {
  const batches: number[][] = [];
  const waiting: (() => void)[] = [];
  const infer = (windows: readonly Window[]) => {
    const bytes = windows.map(({ bytes }) => bytes[0] as number);
    batches.push(bytes);
    const answer = {
      probabilities: Float32Array.from(bytes),
      surprisal: Float32Array.from(bytes.flatMap((byte) => [2 * byte, 0])),
    };
    return new Promise<ModelAnswer>((resolve) => waiting.push(() => resolve(answer)));
  };
  const release = async () => {
    waiting.shift()?.();
    await new Promise(setImmediate);
  };
  return { batches, infer, release };
}

test("an idle model gets the first call at once; a busy one gets all that came meanwhile, to each its own rows", async () => {
  const { batches, infer, release } = heldModel();
  const queue = new BatchQueue(infer, 4, () => undefined);
  const first = queue.submit([window(1)], forever);
  assert.deepEqual(batches, [[1]]);
  const second = queue.submit([window(2), window(3)], forever);
  const third = queue.submit([window(4)], forever);
  const fourth = queue.submit([window(5), window(6)], forever);
  assert.equal(queue.length, 3);
  await release();
  assert.deepEqual(batches, [[1], [2, 3, 4]]);
  await release();
  assert.deepEqual(batches, [[1], [2, 3, 4], [5, 6]]);
  await release();
  const answers = await Promise.all([first, second, third, fourth]);
  const rows = answers.map(({ probabilities }) => [...probabilities]);
  assert.deepEqual(rows, [[1], [2, 3], [4], [5, 6]]);
  const surprisals = answers.map(({ surprisal }) => [...(surprisal ?? [])]);
  assert.deepEqual(surprisals, [
    [2, 0],
    [4, 0, 6, 0],
    [8, 0],
    [10, 0, 12, 0],
  ]);
  assert.equal(queue.length, 0);
});

test("calls that are gone or late are dropped when a batch is formed", async () => {
  const { batches, infer, release } = heldModel();
  const queue = new BatchQueue(infer, 4, () => undefined);
  const first = queue.submit([window(1)], forever);
  const gone = new AbortController();
  const cancelled = queue.submit([window(2)], { ...forever, signal: gone.signal });
  const late = queue.submit([window(3)], { ...forever, deadline: Date.now() - 1 });
  const kept = queue.submit([window(4)], forever);
  gone.abort(new ServiceError("cancelled", "gone"));
  const refused = Promise.all([
    assert.rejects(cancelled, { code: "cancelled" }),
    assert.rejects(late, { code: "deadline_exceeded" }),
  ]);
  await release();
  await refused;
  assert.deepEqual(batches, [[1], [4]]);
  await release();
  await Promise.all([first, kept]);
});

test("a batch that fails fails its own calls only", async () => {
  let runs = 0;
  const infer = async (windows: readonly Window[]) => {
    runs += 1;
    if (runs === 1) throw new Error("broken");
    return { probabilities: new Float32Array(windows.length), surprisal: null };
  };
  const queue = new BatchQueue(infer, 4, () => undefined);
  const first = queue.submit([window(1)], forever);
  const second = queue.submit([window(2)], forever);
  await assert.rejects(first, { code: "internal", message: "internal error" });
  assert.equal((await second).probabilities.length, 1);
});

test("permits are bounded by calls and by windows, and come back", () => {
  const admission = new Admission(2, 10);
  const refused = { code: "resource_exhausted" };
  const release = admission.admit(6);
  assert.throws(() => admission.admit(5), refused);
  const second = admission.admit(4);
  assert.throws(() => admission.admit(0), refused);
  release();
  second();
  assert.equal(admission.callsInFlight, 0);
  admission.admit(10);
});
