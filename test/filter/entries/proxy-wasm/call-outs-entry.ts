import {
  bytes,
  continueRequest,
  GrpcCall,
  grpcCall,
  grpcCancel,
  HeaderList,
  HeaderMap,
  HeadersStatus,
  HttpCall,
  httpCall,
  incrementMetric,
  Status,
  setEffectiveContext,
} from "proxy-wasm-as";
import { resetConversation, startConversation } from "./conversation-entry";
import { answer, text } from "./text-entry";

const SERVICE = bytes("test.Oracle");
const METHOD = bytes("Ask");
const MAX_ANSWER_BYTES: u32 = 1024;
const EMPTY = new Uint8Array(0);

class ProbeGrpcCall extends GrpcCall {
  constructor(
    private readonly path: string,
    private readonly streamId: u32,
    private readonly late: u32,
  ) {
    super();
  }

  onMessage(message: Uint8Array): void {
    this.finish(`message ${text(message)}`);
  }

  onClose(status: i32, message: Uint8Array): void {
    this.finish(`close ${status} ${text(message)}`);
  }

  private finish(outcome: string): void {
    if (setEffectiveContext(this.streamId) != Status.Ok) {
      incrementMetric(this.late, 1);
    } else if (this.path == "/grpc-continue") {
      continueRequest();
    } else {
      answer(outcome);
    }
  }
}

export function startGrpcCall(path: string, headers: HeaderMap, streamId: u32, late: u32): HeadersStatus {
  const call = new ProbeGrpcCall(path, streamId, late);
  const cluster = header(headers, "x-cluster");
  if (path == "/grpc-stream") return startConversation(cluster, streamId, header(headers, "x-message"));
  if (path == "/grpc-stream-reset") return resetConversation(cluster, streamId);
  const timeout = <u32>parseInt(text(header(headers, "x-timeout")), 10);
  const status = grpcCall(cluster, SERVICE, METHOD, header(headers, "x-message"), timeout, MAX_ANSWER_BYTES, call);
  if (status != Status.Ok) return answer(`status ${status}`);
  if (path == "/grpc-cancel") {
    const again = grpcCall(cluster, SERVICE, METHOD, EMPTY, timeout, MAX_ANSWER_BYTES, call);
    const first = grpcCancel(call);
    return answer(`twice ${again} cancelled ${first} then ${grpcCancel(call)}`);
  }
  return HeadersStatus.StopAllIterationAndBuffer;
}

class ProbeHttpCall extends HttpCall {
  constructor(private readonly streamId: u32) {
    super();
  }

  onResponse(headers: HeaderMap, body: Uint8Array, trailers: HeaderMap): void {
    const status = text(headers.first(bytes(":status")));
    const trailer = text(trailers.first(bytes("x-trailer")));
    if (setEffectiveContext(this.streamId) == Status.Ok) answer(`${status} ${text(body)} ${trailer}`);
  }
}

export function startHttpCall(headers: HeaderMap, streamId: u32): HeadersStatus {
  const request = new HeaderList();
  request.add(bytes(":method"), bytes("POST")).add(bytes(":path"), header(headers, "x-target"));
  request.add(bytes(":authority"), bytes("service"));
  const timeout = <u32>parseInt(text(header(headers, "x-timeout")), 10);
  const call = new ProbeHttpCall(streamId);
  const status = httpCall(header(headers, "x-cluster"), request, bytes("ask"), new HeaderList(), timeout, call);
  return status == Status.Ok ? HeadersStatus.StopAllIterationAndBuffer : answer(`status ${status}`);
}

function header(headers: HeaderMap, name: string): Uint8Array {
  const value = headers.first(bytes(name));
  return value == null ? EMPTY : value;
}
