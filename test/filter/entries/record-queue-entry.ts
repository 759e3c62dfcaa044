import { RecordQueue } from "../../../filter/report/record-queue";

const NONE = new Uint8Array(0);

let queue = new RecordQueue();
const policies: Uint8Array[] = [];
for (let i = 0; i < 4; i++) policies.push(filled(32, i));

export function reset(): void {
  queue = new RecordQueue();
}

/** Sizes of fields, of which each byte is `fill`; a negative one: there is none. */
export function add(under: i32, fill: i32, decision: i32, completion: i32, evidence: i32): i32 {
  const ended: Uint8Array | null = completion < 0 ? null : filled(completion, fill);
  const id = filled(16, fill);
  // A digest that is another object each time is no other policy.
  return <i32>(
    queue.add(policies[under].slice(0), under == 3, id, filled(decision, fill), ended, filled(evidence, fill))
  );
}

export function drop(last: i32): void {
  queue.drop(last);
}

export function dropEvidence(): void {
  queue.dropEvidence();
}

export function first(): i32 {
  return <i32>queue.first;
}

export function count(): i32 {
  return queue.count;
}

export function size(): i32 {
  return queue.size;
}

export function batch(most: i32, bytesMost: i32): i32 {
  return queue.batch(most, bytesMost);
}

export function policy(): i32 {
  return queue.policyDigest[0];
}

export function isDurable(): bool {
  return queue.isDurable;
}

export function slice(count: i32): Uint8Array {
  return queue.slice(count);
}

function filled(size: i32, fill: i32): Uint8Array {
  return size <= 0 ? NONE : new Uint8Array(size).fill(<u8>fill);
}
