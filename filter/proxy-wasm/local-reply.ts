import { proxy_send_local_response } from "./env";
import { HeaderList } from "./header-list";
import { Status } from "./status";

/**
 * Answers the request in the upstream's place, while no response headers were sent yet. `details` appears as Envoy's
 * response code details; `grpcStatus` is for gRPC clients (`GrpcStatus.Unset`: from the HTTP status). From a callback
 * of the root context call `setEffectiveContext` first; otherwise this gives `Ok` and does nothing.
 */
export function sendLocalResponse(
  status: u32,
  details: Uint8Array,
  headers: HeaderList,
  body: Uint8Array,
  grpcStatus: i32,
): Status {
  const pairs = headers.encode();
  return proxy_send_local_response(
    status,
    details.dataStart,
    details.length,
    body.dataStart,
    body.length,
    pairs.dataStart,
    pairs.length,
    grpcStatus,
  );
}
