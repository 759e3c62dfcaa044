import {
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_register_shared_queue,
  proxy_resolve_shared_queue,
} from "./env";
import { clearReturned, returnData, returnNumber, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** Creates or opens a queue of this VM id; `RootContext.onQueueReady` is called for it. 0: refused. */
export function registerQueue(name: Uint8Array): u32 {
  clearReturned();
  const status = proxy_register_shared_queue(name.dataStart, name.length, returnNumber);
  return status == Status.Ok ? load<u32>(returnNumber) : 0;
}

/** Opens a queue that another VM registered. 0: there is none. */
export function resolveQueue(vmId: Uint8Array, name: Uint8Array): u32 {
  clearReturned();
  const status = proxy_resolve_shared_queue(vmId.dataStart, vmId.length, name.dataStart, name.length, returnNumber);
  return status == Status.Ok ? load<u32>(returnNumber) : 0;
}

/** `Ok` is no proof of delivery: nobody may be left to take the item. */
export function enqueue(queue: u32, item: Uint8Array): Status {
  return proxy_enqueue_shared_queue(queue, item.dataStart, item.length);
}

/** The oldest item; null: the queue is empty or unknown. */
export function dequeue(queue: u32): Uint8Array | null {
  clearReturned();
  return proxy_dequeue_shared_queue(queue, returnData, returnSize) == Status.Ok ? takeReturned() : null;
}
