import {
  addHeader,
  BufferType,
  bytes,
  closeRequest,
  DataStatus,
  enqueue,
  GrpcStatus,
  getBuffer,
  getBufferSize,
  getRequestHeaders,
  getRequestTrailers,
  getResponseHeaders,
  getResponseTrailers,
  HeaderList,
  HeaderMap,
  HeadersStatus,
  HttpContext,
  incrementMetric,
  MapType,
  recordMetric,
  removeHeader,
  replaceHeader,
  sendLocalResponse,
  setBuffer,
  setHeaders,
  TrailersStatus,
} from "proxy-wasm-as";
import { startGrpcCall, startHttpCall } from "./call-outs-entry";
import { answerHostCall } from "./host-calls-entry";
import { ProbeRoot } from "./root-entry";
import { answer, text } from "./text-entry";

export class ProbeHttp extends HttpContext {
  private path: string = "";

  constructor(
    contextId: u32,
    private readonly root: ProbeRoot,
  ) {
    super(contextId);
  }

  onRequestHeaders(count: i32, _endOfStream: bool): HeadersStatus {
    incrementMetric(this.root.requests, 1);
    const headers = getRequestHeaders();
    this.path = text(headers.first(bytes(":path")));
    if (this.path == "/list") return answer(list(headers, count));
    if (this.path == "/mutate") return mutate(MapType.RequestHeaders);
    if (this.path == "/set-all") return setAll(headers);
    if (this.path == "/deny") return deny();
    if (this.path == "/hold") {
      removeHeader(MapType.RequestHeaders, bytes("content-length"));
      return HeadersStatus.StopIteration;
    }
    if (this.path == "/close") {
      closeRequest();
      return HeadersStatus.StopAllIterationAndBuffer;
    }
    if (this.path == "/tick") {
      this.root.waiting.push(this.contextId);
      return HeadersStatus.StopAllIterationAndBuffer;
    }
    if (this.path == "/queue") return answer(`status ${enqueue(this.root.queue, bytes("item"))}`);
    if (this.path.startsWith("/grpc")) return startGrpcCall(this.path, headers, this.contextId, this.root.late);
    if (this.path == "/http-call") return startHttpCall(headers, this.contextId);
    if (this.path.startsWith("/host/")) return answerHostCall(this.path.substring(6), headers);
    return HeadersStatus.Continue;
  }

  onRequestBody(size: i32, endOfStream: bool): DataStatus {
    if (this.path != "/hold") return DataStatus.Continue;
    if (!endOfStream) return DataStatus.StopIterationAndBuffer;
    recordMetric(this.root.bodySize, size);
    const held = text(getBuffer(BufferType.RequestBody, 0, i32.MAX_VALUE));
    const sizes = `${size},${getBufferSize(BufferType.RequestBody)}`;
    const part = text(getBuffer(BufferType.RequestBody, 2, 3));
    const past = getBuffer(BufferType.RequestBody, size + 1, 3).length;
    setBuffer(BufferType.RequestBody, 0, i32.MAX_VALUE, bytes(`${sizes} ${part} ${past} [${held}]`));
    return DataStatus.Continue;
  }

  onRequestTrailers(_count: i32): TrailersStatus {
    const trailers = getRequestTrailers();
    replaceHeader(MapType.RequestTrailers, bytes("x-seen"), bytes(trailers.size.toString()));
    removeHeader(MapType.RequestTrailers, bytes("x-secret"));
    return TrailersStatus.Continue;
  }

  onResponseHeaders(count: i32, _endOfStream: bool): HeadersStatus {
    replaceHeader(MapType.ResponseHeaders, bytes("x-version"), bytes(this.root.version));
    replaceHeader(MapType.ResponseHeaders, bytes("x-worker"), bytes(this.root.worker));
    if (this.path == "/mutate") {
      const status = text(getResponseHeaders().first(bytes(":status")));
      replaceHeader(MapType.ResponseHeaders, bytes("x-status-seen"), bytes(status));
      removeHeader(MapType.ResponseHeaders, bytes("x-upstream"));
    }
    if (this.path == "/response") removeHeader(MapType.ResponseHeaders, bytes("content-length"));
    return HeadersStatus.Continue;
  }

  onResponseBody(size: i32, endOfStream: bool): DataStatus {
    if (this.path != "/response") return DataStatus.Continue;
    if (!endOfStream) return DataStatus.StopIterationAndBuffer;
    setBuffer(BufferType.ResponseBody, 0, i32.MAX_VALUE, bytes(`replaced ${size > 0}`));
    return DataStatus.Continue;
  }

  onResponseTrailers(count: i32): TrailersStatus {
    const seen = getResponseTrailers().first(bytes("x-trailer"));
    replaceHeader(MapType.ResponseTrailers, bytes("x-seen"), bytes(`${count} ${text(seen)}`));
    return TrailersStatus.Continue;
  }

  onLog(): void {
    recordMetric(this.root.pages, memory.size());
  }

  onDelete(): void {
    incrementMetric(this.root.live, -1);
  }
}

function list(headers: HeaderMap, count: i32): string {
  let lines = `${count == headers.size} ${headers.malformed}`;
  for (let index = 0; index < headers.size; index++) {
    lines += `\n${text(headers.name(index))}=${text(headers.value(index))}`;
  }
  return lines;
}

function mutate(map: MapType): HeadersStatus {
  const results =
    `${replaceHeader(map, bytes("x-twice"), bytes("once"))} ` +
    `${addHeader(map, bytes("x-added"), bytes("second"))} ` +
    `${removeHeader(map, bytes("x-removed"))} ` +
    `${removeHeader(map, bytes("x-absent"))} ` +
    `${replaceHeader(map, bytes("x-split"), bytes("a\r\nx-smuggled: 1"))}`;
  addHeader(map, bytes("x-results"), bytes(results));
  return HeadersStatus.Continue;
}

function setAll(headers: HeaderMap): HeadersStatus {
  const kept = new HeaderList();
  for (let index = 0; index < headers.size; index++) {
    if (text(headers.name(index)) != "x-removed") kept.add(headers.name(index), headers.value(index));
  }
  setHeaders(MapType.RequestHeaders, kept.add(bytes("x-new"), bytes("1")).add(bytes("x-bad"), bytes("a\nb")));
  return HeadersStatus.Continue;
}

function deny(): HeadersStatus {
  const headers = new HeaderList();
  headers.add(bytes("content-type"), bytes("application/problem+json"));
  headers.add(bytes("x-reason"), bytes("first")).add(bytes("x-reason"), bytes("second"));
  headers.add(bytes("x-split"), bytes("a\r\nset-cookie: b"));
  sendLocalResponse(403, bytes("probe_denied"), headers, bytes("{}"), GrpcStatus.PermissionDenied);
  return HeadersStatus.StopIteration;
}
