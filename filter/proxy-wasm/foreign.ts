import { proxy_call_foreign_function } from "./env";
import { clearReturned, returnData, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** What a foreign function gave; `result` is empty unless `status` is `Ok`. */
export class ForeignResult {
  constructor(
    public readonly status: Status,
    public readonly result: Uint8Array,
  ) {}
}

/** Calls a function that the host has registered by name, such as Envoy's `verify_signature`. */
export function callForeignFunction(name: Uint8Array, argument: Uint8Array): ForeignResult {
  clearReturned();
  const status = proxy_call_foreign_function(
    name.dataStart,
    name.length,
    argument.dataStart,
    argument.length,
    returnData,
    returnSize,
  );
  return new ForeignResult(status, status == Status.Ok ? takeReturned() : new Uint8Array(0));
}
