import type { Handler } from "../server.ts";
import { ServiceError } from "../service-error.ts";
import type { SyncWorkers } from "./sync-workers.ts";
import type { SyncedState, SyncResponse } from "./synced-state.ts";

/** postern.v1.SyncRequest */
interface SyncRequest {
  worker: Buffer;
  policyDigest: Buffer;
  version: number;
}

const WORKER_BYTES = 16;

/** The state, unless the worker has it. */
export function syncHandler(state: SyncedState, workers: SyncWorkers): Handler<SyncRequest, SyncResponse> {
  return async ({ worker, version }) => {
    if (worker.length !== WORKER_BYTES) {
      throw new ServiceError("invalid_argument", `expected a worker of ${WORKER_BYTES} bytes`);
    }
    workers.saw(worker.toString("hex"), version);
    return state.since(version);
  };
}
