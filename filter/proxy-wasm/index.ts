export { BufferType, getBuffer, getBufferSize, getPluginConfiguration, getVmConfiguration, setBuffer } from "./buffer";
export { beginsWith, bytes, equal } from "./bytes";
export { currentTimeNanos, monotonicNanos, setTickPeriod } from "./clock";
export { noteAllocation } from "./collection";
export { HttpContext, RootContext } from "./context";
export { callForeignFunction, ForeignResult } from "./foreign";
export { GrpcCall, grpcCall, grpcCancel } from "./grpc-call";
export { GrpcStatus } from "./grpc-status";
export { GrpcStream, grpcReset, grpcSend, grpcStream } from "./grpc-stream";
export { HeaderList } from "./header-list";
export { HeaderMap } from "./header-map";
export {
  addHeader,
  getHeader,
  getHeaders,
  getRequestHeaders,
  getRequestTrailers,
  getResponseHeaders,
  getResponseTrailers,
  MapType,
  removeHeader,
  replaceHeader,
  setHeaders,
} from "./headers";
export { HttpCall, httpCall } from "./http-call";
export { sendLocalResponse } from "./local-reply";
export { getLogLevel, LogLevel, log } from "./log";
export { defineMetric, getMetric, incrementMetric, MetricType, recordMetric } from "./metrics";
export { getProperty, setProperty } from "./property";
export { dequeue, enqueue, registerQueue, resolveQueue } from "./queue";
export { activeRootContextId, registerRootContext } from "./registry";
export { getSharedData, SharedData, setSharedData } from "./shared-data";
export { DataStatus, HeadersStatus, Status, TrailersStatus } from "./status";
export { closeRequest, closeResponse, continueRequest, continueResponse, done, setEffectiveContext } from "./stream";
export { environmentVariable, fillRandom } from "./system";
