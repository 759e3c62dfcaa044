import { BufferType, getBuffer } from "./buffer";
import { proxy_http_call } from "./env";
import { HeaderList } from "./header-list";
import { HeaderMap } from "./header-map";
import { getHeaders, MapType } from "./headers";
import { clearReturned, returnNumber } from "./host-memory";
import { PendingCall, PendingCalls } from "./pending";
import { activeRootContextId } from "./registry";
import { Status } from "./status";

/** An HTTP request of the filter's own. */
export abstract class HttpCall extends PendingCall {
  /**
   * Called once, on the root context: call `setEffectiveContext` before anything is done to a stream. `headers.size` 0:
   * there was no response (reset). A deadline that passed or a refused connection is a response of Envoy's own: 504, 503.
   */
  abstract onResponse(headers: HeaderMap, body: Uint8Array, trailers: HeaderMap): void;
}

const pending = new PendingCalls<HttpCall>();

/**
 * Sends a request to a cluster; `headers` needs `:method`, `:path` and `:authority`. `Ok`: `call` is kept until it
 * ends. Otherwise it is never called (`BadArgument`: unknown cluster, a missing header, or `call` is pending already).
 */
export function httpCall(
  cluster: Uint8Array,
  headers: HeaderList,
  body: Uint8Array,
  trailers: HeaderList,
  timeoutMillis: u32,
  call: HttpCall,
): Status {
  if (call.token != 0) return Status.BadArgument;
  const root = activeRootContextId();
  const headerPairs = headers.encode();
  const trailerPairs = trailers.size > 0 ? trailers.encode() : new Uint8Array(0);
  clearReturned();
  const status = proxy_http_call(
    cluster.dataStart,
    cluster.length,
    headerPairs.dataStart,
    headerPairs.length,
    body.dataStart,
    body.length,
    trailerPairs.dataStart,
    trailerPairs.length,
    timeoutMillis,
    returnNumber,
  );
  if (status == Status.Ok) pending.add(load<u32>(returnNumber), root, call);
  return status;
}

/** For the dispatcher: the response, or that there is none. */
export function receiveResponse(token: u32, headerCount: i32, bodySize: i32, trailerCount: i32): void {
  const call = pending.take(token);
  if (call == null) return;
  const none = HeaderMap.decode(new Uint8Array(0));
  const headers = headerCount > 0 ? getHeaders(MapType.HttpCallHeaders) : none;
  const trailers = trailerCount > 0 ? getHeaders(MapType.HttpCallTrailers) : none;
  call.onResponse(headers, getBuffer(BufferType.HttpCallBody, 0, bodySize), trailers);
}

/** For the dispatcher: a root context is deleted. */
export function forgetHttpCalls(rootContextId: u32): void {
  pending.forget(rootContextId);
}
