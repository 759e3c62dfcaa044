import { BufferType, getBuffer } from "./buffer";
import { proxy_grpc_call, proxy_grpc_cancel } from "./env";
import { encodeGrpcService } from "./grpc-service";
import { closeMessage } from "./grpc-status";
import { clearReturned, returnNumber } from "./host-memory";
import { PendingCall, PendingCalls } from "./pending";
import { activeRootContextId } from "./registry";
import { Status } from "./status";

/**
 * A unary call. Exactly one of `onMessage` (an answer) and `onClose` (a failure) is called, once, on the root context:
 * call `setEffectiveContext` before anything is done to a stream. Neither is called after `grpcCancel`, or when the
 * root context is deleted first.
 */
export abstract class GrpcCall extends PendingCall {
  abstract onMessage(message: Uint8Array): void;

  /**
   * `status`: a `GrpcStatus`. A deadline that passed is 4 when the server saw it first, 14 or 13 when Envoy did.
   * `message`: percent-encoded, as the server sent it; Envoy may add details.
   */
  abstract onClose(status: i32, message: Uint8Array): void;
}

const pending = new PendingCalls<GrpcCall>();

/**
 * Calls a unary method on a cluster; an answer of more than `maxAnswerBytes` ends the call unread. `Ok`: `call` is kept until it ends. Otherwise none of its callbacks is ever called
 * (`InternalFailure`: no such cluster, no endpoint; `BadArgument`: `call` is pending already).
 */
export function grpcCall(
  cluster: Uint8Array,
  serviceName: Uint8Array,
  methodName: Uint8Array,
  message: Uint8Array,
  timeoutMillis: u32,
  maxAnswerBytes: u32,
  call: GrpcCall,
): Status {
  if (call.token != 0) return Status.BadArgument;
  const root = activeRootContextId();
  const service = encodeGrpcService(cluster, maxAnswerBytes);
  clearReturned();
  const status = proxy_grpc_call(
    service.dataStart,
    service.length,
    serviceName.dataStart,
    serviceName.length,
    methodName.dataStart,
    methodName.length,
    0,
    0,
    message.dataStart,
    message.length,
    timeoutMillis,
    returnNumber,
  );
  if (status == Status.Ok) pending.add(load<u32>(returnNumber), root, call);
  return status;
}

/** Gives up a pending call: the host tells the server, and no callback comes. `NotFound`: it is not pending. */
export function grpcCancel(call: GrpcCall): Status {
  const token = call.token;
  return pending.take(token) == null ? Status.NotFound : proxy_grpc_cancel(token);
}

/** For the dispatcher: an answer. The host forgets a unary call with it, so it is forgotten here. */
export function receiveCallMessage(token: u32, size: i32): void {
  const call = pending.take(token);
  if (call != null) call.onMessage(getBuffer(BufferType.GrpcMessage, 0, size));
}

/** For the dispatcher: a failure. */
export function receiveCallClose(token: u32, status: i32): void {
  const call = pending.take(token);
  if (call != null) call.onClose(status, closeMessage());
}

/** For the dispatcher: a root context is deleted. */
export function forgetGrpcCalls(rootContextId: u32): void {
  pending.forget(rootContextId);
}
