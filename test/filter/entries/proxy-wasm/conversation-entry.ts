import {
  bytes,
  GrpcStream,
  grpcReset,
  grpcSend,
  grpcStream,
  HeaderMap,
  HeadersStatus,
  Status,
  setEffectiveContext,
} from "proxy-wasm-as";
import { proxy_grpc_cancel } from "proxy-wasm-as/env";
import { answer, text } from "./text-entry";

const SERVICE = bytes("test.Oracle");
const METHOD = bytes("Converse");
const MAX_MESSAGE_BYTES: u32 = 1024;

/** Says two things, one after the other's answer, and tells the HTTP stream all that happened. */
class Conversation extends GrpcStream {
  private events: string = "";
  private said: i32 = 0;
  /** By which the host knows it. */
  id: u32 = 0;

  constructor(private readonly streamId: u32) {
    super();
  }

  onInitialMetadata(metadata: HeaderMap): void {
    this.events += `opening ${text(metadata.first(bytes("x-opening")))}`;
  }

  onMessage(message: Uint8Array): void {
    this.events += `, ${text(message)}`;
    if (++this.said == 1) grpcSend(this, bytes("two"), true);
  }

  onTrailingMetadata(metadata: HeaderMap): void {
    this.events += `, closing ${text(metadata.first(bytes("x-closing")))}`;
  }

  onClose(status: i32, _message: Uint8Array): void {
    this.events += `, close ${status}, then ${grpcSend(this, bytes("three"), false)}`;
    this.events += `, the host ${proxy_grpc_cancel(this.id)}`;
    if (setEffectiveContext(this.streamId) == Status.Ok) answer(this.events);
  }
}

/** `first`: what it says first; the server ends the conversation on `leave`, without being left itself. */
export function startConversation(cluster: Uint8Array, streamId: u32, first: Uint8Array): HeadersStatus {
  const stream = new Conversation(streamId);
  const status = grpcStream(cluster, SERVICE, METHOD, MAX_MESSAGE_BYTES, stream);
  if (status != Status.Ok) return answer(`status ${status}`);
  stream.id = stream.token;
  const again = grpcStream(cluster, SERVICE, METHOD, MAX_MESSAGE_BYTES, stream);
  if (again != Status.BadArgument) return answer(`twice ${again}`);
  grpcSend(stream, first, false);
  return HeadersStatus.StopAllIterationAndBuffer;
}

export function resetConversation(cluster: Uint8Array, streamId: u32): HeadersStatus {
  const stream = new Conversation(streamId);
  const opened = grpcStream(cluster, SERVICE, METHOD, MAX_MESSAGE_BYTES, stream);
  const reset = grpcReset(stream);
  return answer(`opened ${opened} reset ${reset} then ${grpcReset(stream)}`);
}
