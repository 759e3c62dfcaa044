import { proxy_get_buffer_bytes, proxy_get_buffer_status, proxy_set_buffer_bytes } from "./env";
import { clearReturned, returnData, returnNumber, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** Which buffer (`proxy_buffer_type_t`). */
export enum BufferType {
  RequestBody = 0,
  ResponseBody = 1,
  HttpCallBody = 4,
  GrpcMessage = 5,
  VmConfiguration = 6,
  PluginConfiguration = 7,
}

/** Up to `length` bytes from `start` on; fewer, or none, when the buffer holds fewer or is not there now. */
export function getBuffer(type: BufferType, start: i32, length: i32): Uint8Array {
  if (start < 0 || length <= 0) return new Uint8Array(0);
  clearReturned();
  const status = proxy_get_buffer_bytes(type, start, length, returnData, returnSize);
  return status == Status.Ok ? takeReturned() : new Uint8Array(0);
}

/** Bytes in the buffer; 0 when it is not there now. */
export function getBufferSize(type: BufferType): i32 {
  clearReturned();
  return proxy_get_buffer_status(type, returnSize, returnNumber) == Status.Ok ? load<i32>(returnSize) : 0;
}

/** Puts `value` in the place of `length` bytes from `start` on. (0, i32.MAX_VALUE) replaces everything. */
export function setBuffer(type: BufferType, start: i32, length: i32, value: Uint8Array): Status {
  if (start < 0 || length < 0) return Status.BadArgument;
  return proxy_set_buffer_bytes(type, start, length, value.dataStart, value.length);
}

/** The VM's configuration, within `onVmStart`. */
export function getVmConfiguration(): Uint8Array {
  return getBuffer(BufferType.VmConfiguration, 0, i32.MAX_VALUE);
}

/** The plugin's configuration, within `onConfigure`. */
export function getPluginConfiguration(): Uint8Array {
  return getBuffer(BufferType.PluginConfiguration, 0, i32.MAX_VALUE);
}
