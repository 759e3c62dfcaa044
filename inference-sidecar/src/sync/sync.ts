import type { Handler } from "../calls.ts";
import type { Models } from "../models/models.ts";
import { ServiceError } from "../service-error.ts";
import type { MemoryUse, SyncWorkers } from "./sync-workers.ts";
import type { SyncedState, SyncResponse } from "./synced-state.ts";

/** postern.v1.SyncRequest */
interface SyncRequest {
  worker: Buffer;
  policyDigest: Buffer;
  version: number;
  unknownKeyIssuer: string;
  unknownKid: string;
  memory: MemoryUse | null;
  waitMs: number;
  bundleDigest: Buffer;
}

const WORKER_BYTES = 16;
const WAIT_MOST_MS = 1_000;

/** The state, once the worker does not have it. `findKey` looks for a key, and resolves when there is nothing more to wait for. */
export function syncHandler(
  state: SyncedState,
  workers: SyncWorkers,
  models: Models,
  findKey: (issuer: string, kid: string) => Promise<void>,
): Handler<SyncRequest, SyncResponse> {
  return async ({ worker, version, unknownKeyIssuer, unknownKid, memory, waitMs, bundleDigest }) => {
    if (worker.length !== WORKER_BYTES) {
      throw new ServiceError("invalid_argument", `expected a worker of ${WORKER_BYTES} bytes`);
    }
    models.name(bundleDigest.toString("hex"));
    workers.saw(worker.toString("hex"), version, memory);
    if (unknownKeyIssuer.length > 0) await findKey(unknownKeyIssuer, unknownKid);
    else await state.isNotCurrent(version, Math.min(waitMs, WAIT_MOST_MS));
    return { ...state.since(version), takesMore: true };
  };
}
