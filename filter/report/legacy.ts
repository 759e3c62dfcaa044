import { bytes, dequeue, enqueue, registerQueue } from "proxy-wasm-as";

// Reports that a VM could not deliver before it ended (its module was replaced, its last stream is over) outlast it in a
// queue that all VMs of the gateway share. They name the worker that they are of: the sidecar knows what it has already.

const QUEUE = bytes("postern.reports");

let queue: u32 = 0;

/** Leaves a `postern.v1.ReportRequest` to whichever VM takes it. */
export function leaveReport(message: Uint8Array): void {
  enqueue(openQueue(), message);
}

/** The oldest that was left; null: there is none. */
export function takeReport(): Uint8Array | null {
  return dequeue(openQueue());
}

function openQueue(): u32 {
  if (queue == 0) queue = registerQueue(QUEUE);
  return queue;
}
