import { BufferType, getBuffer } from "./buffer";
import { proxy_grpc_cancel, proxy_grpc_send, proxy_grpc_stream } from "./env";
import { encodeGrpcService } from "./grpc-service";
import { closeMessage } from "./grpc-status";
import { HeaderMap } from "./header-map";
import { getHeaders, MapType } from "./headers";
import { clearReturned, returnNumber } from "./host-memory";
import { PendingCall, PendingCalls } from "./pending";
import { activeRootContextId } from "./registry";
import { Status } from "./status";

/**
 * A streaming call of any kind. Callbacks run on the root context: call `setEffectiveContext` before anything is done
 * to an HTTP stream. None is called after `grpcReset`, or when the root context is deleted first.
 */
export abstract class GrpcStream extends PendingCall {
  onInitialMetadata(metadata: HeaderMap): void {}

  abstract onMessage(message: Uint8Array): void;

  onTrailingMetadata(metadata: HeaderMap): void {}

  /** Called once; `status` is 0 when the server ended the stream well. As for `GrpcCall` otherwise. */
  abstract onClose(status: i32, message: Uint8Array): void;
}

const pending = new PendingCalls<GrpcStream>();

/** Opens a stream to a method on a cluster; a message of more than `maxMessageBytes` closes it unread. Not `Ok`, as for `grpcCall`: none of its callbacks is ever called. */
export function grpcStream(
  cluster: Uint8Array,
  serviceName: Uint8Array,
  methodName: Uint8Array,
  maxMessageBytes: u32,
  stream: GrpcStream,
): Status {
  if (stream.token != 0) return Status.BadArgument;
  const root = activeRootContextId();
  const service = encodeGrpcService(cluster, maxMessageBytes);
  clearReturned();
  const status = proxy_grpc_stream(
    service.dataStart,
    service.length,
    serviceName.dataStart,
    serviceName.length,
    methodName.dataStart,
    methodName.length,
    0,
    0,
    returnNumber,
  );
  if (status == Status.Ok) pending.add(load<u32>(returnNumber), root, stream);
  return status;
}

/** Sends a message; `endOfStream`: the last one of this side. `NotFound`: the stream is closed. */
export function grpcSend(stream: GrpcStream, message: Uint8Array, endOfStream: bool): Status {
  if (stream.token == 0) return Status.NotFound;
  return proxy_grpc_send(stream.token, message.dataStart, message.length, endOfStream);
}

/**
 * Breaks a stream off: the host tells the server, and no callback comes. `NotFound`: it is closed, or of another root context:
 * only there the host knows it, and its callbacks go on.
 */
export function grpcReset(stream: GrpcStream): Status {
  const token = stream.token;
  if (token == 0) return Status.NotFound;
  const status = proxy_grpc_cancel(token);
  if (status == Status.Ok) pending.take(token);
  return status;
}

/** For the dispatcher: a message; false: the token is no stream's. */
export function receiveStreamMessage(token: u32, size: i32): bool {
  const stream = pending.find(token);
  if (stream == null) return false;
  stream.onMessage(getBuffer(BufferType.GrpcMessage, 0, size));
  return true;
}

/** For the dispatcher: the end; false: the token is no stream's. */
export function receiveStreamClose(token: u32, status: i32): bool {
  const stream = pending.take(token);
  if (stream == null) return false;
  const message = closeMessage();
  // Envoy keeps what only the server has closed, and the address of a stream that is gone in it.
  proxy_grpc_cancel(token);
  stream.onClose(status, message);
  return true;
}

/** For the dispatcher. */
export function receiveInitialMetadata(token: u32): void {
  const stream = pending.find(token);
  if (stream != null) stream.onInitialMetadata(getHeaders(MapType.GrpcInitialMetadata));
}

/** For the dispatcher. */
export function receiveTrailingMetadata(token: u32): void {
  const stream = pending.find(token);
  if (stream != null) stream.onTrailingMetadata(getHeaders(MapType.GrpcTrailingMetadata));
}

/** For the dispatcher: a root context is deleted. */
export function forgetGrpcStreams(rootContextId: u32): void {
  pending.forget(rootContextId);
}
