import { DataStatus, HeadersStatus, TrailersStatus } from "./status";

/** One configured plugin in one worker; there are two for a while when a new configuration takes over. */
export abstract class RootContext {
  constructor(public readonly contextId: u32) {}

  /** False: the VM must not start. */
  onVmStart(vmConfigurationSize: i32): bool {
    return true;
  }

  /** False: the configuration is refused; the host keeps the last good one, if there is one. */
  onConfigure(pluginConfigurationSize: i32): bool {
    return true;
  }

  onTick(): void {}

  onQueueReady(queue: u32): void {}

  /** False: not yet; `done()` must be called later. */
  onDone(): bool {
    return true;
  }

  /** The last callback; nothing of this context is called afterwards, pending calls neither. */
  onDelete(): void {}

  /** The context of a new stream. */
  abstract createHttpContext(contextId: u32): HttpContext;
}

/** One HTTP stream: a request and its response. Every default lets it pass. */
export abstract class HttpContext {
  /** The root context that made this one; set before the first callback. */
  rootContextId: u32 = 0;

  constructor(public readonly contextId: u32) {}

  onRequestHeaders(count: i32, endOfStream: bool): HeadersStatus {
    return HeadersStatus.Continue;
  }

  /** `size`: bytes that `getBuffer` can give now. */
  onRequestBody(size: i32, endOfStream: bool): DataStatus {
    return DataStatus.Continue;
  }

  onRequestTrailers(count: i32): TrailersStatus {
    return TrailersStatus.Continue;
  }

  /** Called for local replies, too, also when the request was never let through. */
  onResponseHeaders(count: i32, endOfStream: bool): HeadersStatus {
    return HeadersStatus.Continue;
  }

  onResponseBody(size: i32, endOfStream: bool): DataStatus {
    return DataStatus.Continue;
  }

  onResponseTrailers(count: i32): TrailersStatus {
    return TrailersStatus.Continue;
  }

  /** The stream is over; headers of both directions can still be read. */
  onLog(): void {}

  /** False: not yet; `done()` must be called later. */
  onDone(): bool {
    return true;
  }

  /** The last callback. */
  onDelete(): void {}
}
