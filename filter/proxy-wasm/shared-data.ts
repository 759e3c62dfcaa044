import { proxy_get_shared_data, proxy_set_shared_data } from "./env";
import { clearReturned, returnData, returnNumber, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** A value that the workers share. `cas` is what `setSharedData` takes to write only over this very version. */
export class SharedData {
  constructor(
    public readonly status: Status,
    public readonly value: Uint8Array,
    public readonly cas: u32,
  ) {}
}

/** `NotFound`: no worker has set the key. */
export function getSharedData(key: Uint8Array): SharedData {
  clearReturned();
  const status = proxy_get_shared_data(key.dataStart, key.length, returnData, returnSize, returnNumber);
  if (status != Status.Ok) return new SharedData(status, new Uint8Array(0), 0);
  const cas = load<u32>(returnNumber);
  return new SharedData(status, takeReturned(), cas);
}

/** `cas` 0 writes in any case; otherwise `CasMismatch` when another worker was faster. */
export function setSharedData(key: Uint8Array, value: Uint8Array, cas: u32): Status {
  return proxy_set_shared_data(key.dataStart, key.length, value.dataStart, value.length, cas);
}
