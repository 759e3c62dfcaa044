// What the host calls, Proxy-Wasm ABI 0.2.1. Every id is looked up: one that is unknown has no effect, but for a
// request without a context, which is refused.
import { bytes } from "./bytes";
import { enter, leave } from "./collection";
import { forgetGrpcCalls, receiveCallClose, receiveCallMessage } from "./grpc-call";
import { GrpcStatus } from "./grpc-status";
import {
  forgetGrpcStreams,
  receiveInitialMetadata,
  receiveStreamClose,
  receiveStreamMessage,
  receiveTrailingMetadata,
} from "./grpc-stream";
import { HeaderList } from "./header-list";
import { forgetHttpCalls, receiveResponse } from "./http-call";
import { sendLocalResponse } from "./local-reply";
import { addContext, findHttp, findRoot, removeContext } from "./registry";
import { DataStatus, HeadersStatus, TrailersStatus } from "./status";

export { proxy_on_memory_allocate } from "./host-memory";

const NO_CONTEXT = bytes("no_context");

/** Marks the version; never called. */
export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_context_create(contextId: u32, parentContextId: u32): void {
  enter();
  addContext(contextId, parentContextId);
  leave();
}

export function proxy_on_vm_start(rootContextId: u32, configurationSize: i32): bool {
  enter();
  const root = findRoot(rootContextId);
  const result = root != null && root.onVmStart(configurationSize);
  leave();
  return result;
}

export function proxy_on_configure(rootContextId: u32, configurationSize: i32): bool {
  enter();
  const root = findRoot(rootContextId);
  const result = root != null && root.onConfigure(configurationSize);
  leave();
  return result;
}

export function proxy_on_tick(rootContextId: u32): void {
  enter();
  const root = findRoot(rootContextId);
  if (root != null) root.onTick();
  leave();
}

export function proxy_on_queue_ready(rootContextId: u32, queue: u32): void {
  enter();
  const root = findRoot(rootContextId);
  if (root != null) root.onQueueReady(queue);
  leave();
}

export function proxy_on_request_headers(contextId: u32, count: i32, endOfStream: bool): HeadersStatus {
  enter();
  const context = findHttp(contextId);
  let status: HeadersStatus;
  if (context != null) {
    status = context.onRequestHeaders(count, endOfStream);
  } else {
    sendLocalResponse(503, NO_CONTEXT, new HeaderList(), new Uint8Array(0), GrpcStatus.Unavailable);
    status = HeadersStatus.StopAllIterationAndBuffer;
  }
  leave();
  return status;
}

export function proxy_on_request_body(contextId: u32, size: i32, endOfStream: bool): DataStatus {
  enter();
  const context = findHttp(contextId);
  const status = context != null ? context.onRequestBody(size, endOfStream) : DataStatus.Continue;
  leave();
  return status;
}

export function proxy_on_request_trailers(contextId: u32, count: i32): TrailersStatus {
  enter();
  const context = findHttp(contextId);
  const status = context != null ? context.onRequestTrailers(count) : TrailersStatus.Continue;
  leave();
  return status;
}

export function proxy_on_response_headers(contextId: u32, count: i32, endOfStream: bool): HeadersStatus {
  enter();
  const context = findHttp(contextId);
  const status = context != null ? context.onResponseHeaders(count, endOfStream) : HeadersStatus.Continue;
  leave();
  return status;
}

export function proxy_on_response_body(contextId: u32, size: i32, endOfStream: bool): DataStatus {
  enter();
  const context = findHttp(contextId);
  const status = context != null ? context.onResponseBody(size, endOfStream) : DataStatus.Continue;
  leave();
  return status;
}

export function proxy_on_response_trailers(contextId: u32, count: i32): TrailersStatus {
  enter();
  const context = findHttp(contextId);
  const status = context != null ? context.onResponseTrailers(count) : TrailersStatus.Continue;
  leave();
  return status;
}

export function proxy_on_http_call_response(
  rootContextId: u32,
  token: u32,
  headerCount: i32,
  bodySize: i32,
  trailerCount: i32,
): void {
  enter();
  if (findRoot(rootContextId) != null) receiveResponse(token, headerCount, bodySize, trailerCount);
  leave();
}

export function proxy_on_grpc_receive_initial_metadata(rootContextId: u32, token: u32, _count: i32): void {
  enter();
  if (findRoot(rootContextId) != null) receiveInitialMetadata(token);
  leave();
}

export function proxy_on_grpc_receive(rootContextId: u32, token: u32, size: i32): void {
  enter();
  if (findRoot(rootContextId) != null && !receiveStreamMessage(token, size)) receiveCallMessage(token, size);
  leave();
}

export function proxy_on_grpc_receive_trailing_metadata(rootContextId: u32, token: u32, _count: i32): void {
  enter();
  if (findRoot(rootContextId) != null) receiveTrailingMetadata(token);
  leave();
}

export function proxy_on_grpc_close(rootContextId: u32, token: u32, status: i32): void {
  enter();
  if (findRoot(rootContextId) != null && !receiveStreamClose(token, status)) receiveCallClose(token, status);
  leave();
}

export function proxy_on_log(contextId: u32): void {
  enter();
  const context = findHttp(contextId);
  if (context != null) context.onLog();
  leave();
}

export function proxy_on_done(contextId: u32): bool {
  enter();
  let result = true;
  const context = findHttp(contextId);
  if (context != null) {
    result = context.onDone();
  } else {
    const root = findRoot(contextId);
    if (root != null) result = root.onDone();
  }
  leave();
  return result;
}

export function proxy_on_delete(contextId: u32): void {
  enter();
  const context = findHttp(contextId);
  if (context != null) {
    context.onDelete();
  } else {
    const root = findRoot(contextId);
    if (root != null) root.onDelete();
    forgetGrpcCalls(contextId);
    forgetGrpcStreams(contextId);
    forgetHttpCalls(contextId);
  }
  removeContext(contextId);
  leave();
}
