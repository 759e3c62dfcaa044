import { proxy_get_status } from "./env";
import { clearReturned, returnData, returnNumber, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** gRPC status codes, as `onClose` gets them and `sendLocalResponse` takes them. */
export const enum GrpcStatus {
  /** For `sendLocalResponse` alone: let the host choose from the HTTP status. */
  Unset = -1,
  Ok = 0,
  Cancelled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
}

/** The status message of the gRPC call that the running callback closes. */
export function closeMessage(): Uint8Array {
  clearReturned();
  const status = proxy_get_status(returnNumber, returnData, returnSize);
  return status == Status.Ok ? takeReturned() : new Uint8Array(0);
}
