import {
  bytes,
  DataStatus,
  getHeader,
  HeadersStatus,
  HttpContext,
  MapType,
  registerRootContext,
  TrailersStatus,
} from "proxy-wasm-as";
import { PosternRootContext } from "../../../filter/root-context";

export * from "proxy-wasm-as/exports";

const TRAP = bytes("x-trap");

/** The filter's context, but for a header that makes its VM trap. */
class TrappingHttpContext extends HttpContext {
  constructor(private readonly inner: HttpContext) {
    super(inner.contextId);
  }

  onRequestHeaders(count: i32, endOfStream: bool): HeadersStatus {
    if (getHeader(MapType.RequestHeaders, TRAP) !== null) unreachable();
    return this.inner.onRequestHeaders(count, endOfStream);
  }

  onRequestBody(size: i32, endOfStream: bool): DataStatus {
    return this.inner.onRequestBody(size, endOfStream);
  }

  onRequestTrailers(count: i32): TrailersStatus {
    return this.inner.onRequestTrailers(count);
  }

  onResponseHeaders(count: i32, endOfStream: bool): HeadersStatus {
    return this.inner.onResponseHeaders(count, endOfStream);
  }

  onLog(): void {
    this.inner.onLog();
  }
}

class TrappingRootContext extends PosternRootContext {
  createHttpContext(contextId: u32): HttpContext {
    return new TrappingHttpContext(super.createHttpContext(contextId));
  }
}

registerRootContext((contextId) => new TrappingRootContext(contextId));
