import { proxy_get_property, proxy_set_property } from "./env";
import { clearReturned, returnData, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/**
 * A property of the host (Envoy: its attributes), or null. `path`: segments separated by NUL, such as
 * `connection\0mtls`. Numbers come as 8 bytes little-endian, booleans as one byte, the rest as text.
 */
export function getProperty(path: Uint8Array): Uint8Array | null {
  clearReturned();
  const status = proxy_get_property(path.dataStart, path.length, returnData, returnSize);
  return status == Status.Ok ? takeReturned() : null;
}

/** Sets a property of the stream; Envoy keeps it as filter state `wasm.<path>`. */
export function setProperty(path: Uint8Array, value: Uint8Array): Status {
  return proxy_set_property(path.dataStart, path.length, value.dataStart, value.length);
}
