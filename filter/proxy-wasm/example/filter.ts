// A doorman: refuses a part of the site, asks a service about the rest, counts whom it turned away.
import {
  beginsWith,
  bytes,
  continueRequest,
  defineMetric,
  GrpcStatus,
  getPluginConfiguration,
  getRequestHeaders,
  HeaderList,
  HeaderMap,
  HeadersStatus,
  HttpCall,
  HttpContext,
  httpCall,
  incrementMetric,
  MapType,
  MetricType,
  RootContext,
  registerRootContext,
  replaceHeader,
  Status,
  sendLocalResponse,
  setEffectiveContext,
} from "proxy-wasm-as";

// The callbacks that the host looks for.
export * from "proxy-wasm-as/exports";

// Literals become bytes once, when the module starts.
const METHOD = bytes(":method");
const PATH = bytes(":path");
const AUTHORITY = bytes(":authority");
const STATUS = bytes(":status");
const GET = bytes("GET");
const CHECK = bytes("/check");
const SERVICE = bytes("authorizer");
const ASKED_PATH = bytes("x-asked-path");
const SEEN = bytes("x-doorman");
const SEEN_VALUE = bytes("passed");
const OK_STATUS = bytes("200");
const CONTENT_TYPE = bytes("content-type");
const PLAIN_TEXT = bytes("text/plain");
const EMPTY = new Uint8Array(0);
const ASK_MILLIS: u32 = 500;

class DoormanRoot extends RootContext {
  private readonly denied: u32 = defineMetric(MetricType.Counter, bytes("doorman.denied"));
  /** Paths that begin with this are refused. */
  closedPrefix: Uint8Array = EMPTY;

  onConfigure(_size: i32): bool {
    this.closedPrefix = getPluginConfiguration();
    return this.closedPrefix.length > 0;
  }

  createHttpContext(contextId: u32): HttpContext {
    return new DoormanHttp(contextId, this);
  }

  deny(status: u32, reason: Uint8Array): void {
    incrementMetric(this.denied, 1);
    const headers = new HeaderList().add(CONTENT_TYPE, PLAIN_TEXT);
    sendLocalResponse(status, reason, headers, reason, GrpcStatus.Unset);
  }
}

class DoormanHttp extends HttpContext {
  constructor(
    contextId: u32,
    private readonly root: DoormanRoot,
  ) {
    super(contextId);
  }

  onRequestHeaders(_count: i32, _endOfStream: bool): HeadersStatus {
    const headers = getRequestHeaders();
    const found = headers.first(PATH);
    const path = found == null ? EMPTY : found;
    if (beginsWith(path, this.root.closedPrefix)) {
      this.root.deny(403, bytes("closed"));
      return HeadersStatus.StopIteration;
    }
    replaceHeader(MapType.RequestHeaders, SEEN, SEEN_VALUE);
    const ask = new HeaderList().add(METHOD, GET).add(PATH, CHECK).add(AUTHORITY, SERVICE).add(ASKED_PATH, path);
    const question = new Question(this.contextId, this.root);
    if (httpCall(SERVICE, ask, EMPTY, new HeaderList(), ASK_MILLIS, question) != Status.Ok) {
      this.root.deny(503, bytes("nobody to ask"));
    }
    // Held until the answer: the body as well, without a callback for it.
    return HeadersStatus.StopAllIterationAndWatermark;
  }
}

/** The question to the service. Its answer comes to the root context, perhaps after the client has gone. */
class Question extends HttpCall {
  constructor(
    private readonly streamId: u32,
    private readonly root: DoormanRoot,
  ) {
    super();
  }

  onResponse(headers: HeaderMap, _body: Uint8Array, _trailers: HeaderMap): void {
    if (setEffectiveContext(this.streamId) != Status.Ok) return;
    const status = headers.first(STATUS);
    if (status != null && beginsWith(status, OK_STATUS)) continueRequest();
    else this.root.deny(403, bytes("the service said no"));
  }
}

registerRootContext((contextId: u32): RootContext => new DoormanRoot(contextId));
