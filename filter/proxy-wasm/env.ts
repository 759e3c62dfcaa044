// Functions of the host, Proxy-Wasm ABI 0.2.1, imported from module "env" (`asc` takes the module's name from this
// file's). Each gives a `Status`; `return…` are addresses the host writes to.

export declare function proxy_log(level: i32, message: usize, messageSize: usize): i32;
export declare function proxy_get_log_level(returnLevel: usize): i32;
export declare function proxy_get_current_time_nanoseconds(returnTime: usize): i32;
export declare function proxy_set_tick_period_milliseconds(period: u32): i32;

export declare function proxy_done(): i32;
export declare function proxy_set_effective_context(contextId: u32): i32;

export declare function proxy_get_buffer_bytes(
  type: i32,
  start: usize,
  maxSize: usize,
  returnData: usize,
  returnSize: usize,
): i32;
export declare function proxy_get_buffer_status(type: i32, returnSize: usize, returnFlags: usize): i32;
export declare function proxy_set_buffer_bytes(type: i32, start: usize, size: usize, data: usize, dataSize: usize): i32;

export declare function proxy_get_header_map_pairs(map: i32, returnData: usize, returnSize: usize): i32;
export declare function proxy_set_header_map_pairs(map: i32, data: usize, size: usize): i32;
export declare function proxy_get_header_map_value(
  map: i32,
  name: usize,
  nameSize: usize,
  returnData: usize,
  returnSize: usize,
): i32;
export declare function proxy_add_header_map_value(
  map: i32,
  name: usize,
  nameSize: usize,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_replace_header_map_value(
  map: i32,
  name: usize,
  nameSize: usize,
  value: usize,
  valueSize: usize,
): i32;
export declare function proxy_remove_header_map_value(map: i32, name: usize, nameSize: usize): i32;

export declare function proxy_continue_stream(stream: i32): i32;
export declare function proxy_close_stream(stream: i32): i32;
export declare function proxy_send_local_response(
  status: u32,
  details: usize,
  detailsSize: usize,
  body: usize,
  bodySize: usize,
  headers: usize,
  headersSize: usize,
  grpcStatus: i32,
): i32;

export declare function proxy_http_call(
  upstream: usize,
  upstreamSize: usize,
  headers: usize,
  headersSize: usize,
  body: usize,
  bodySize: usize,
  trailers: usize,
  trailersSize: usize,
  timeoutMillis: u32,
  returnCallId: usize,
): i32;
export declare function proxy_grpc_call(
  upstream: usize,
  upstreamSize: usize,
  serviceName: usize,
  serviceNameSize: usize,
  methodName: usize,
  methodNameSize: usize,
  initialMetadata: usize,
  initialMetadataSize: usize,
  message: usize,
  messageSize: usize,
  timeoutMillis: u32,
  returnCallId: usize,
): i32;
export declare function proxy_grpc_stream(
  upstream: usize,
  upstreamSize: usize,
  serviceName: usize,
  serviceNameSize: usize,
  methodName: usize,
  methodNameSize: usize,
  initialMetadata: usize,
  initialMetadataSize: usize,
  returnStreamId: usize,
): i32;
export declare function proxy_grpc_send(streamId: u32, message: usize, messageSize: usize, endOfStream: bool): i32;
export declare function proxy_grpc_cancel(callId: u32): i32;
export declare function proxy_get_status(returnCode: usize, returnMessage: usize, returnMessageSize: usize): i32;

export declare function proxy_get_property(path: usize, pathSize: usize, returnData: usize, returnSize: usize): i32;
export declare function proxy_set_property(path: usize, pathSize: usize, value: usize, valueSize: usize): i32;
export declare function proxy_call_foreign_function(
  name: usize,
  nameSize: usize,
  argument: usize,
  argumentSize: usize,
  returnData: usize,
  returnSize: usize,
): i32;

export declare function proxy_get_shared_data(
  key: usize,
  keySize: usize,
  returnData: usize,
  returnSize: usize,
  returnCas: usize,
): i32;
export declare function proxy_set_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: u32,
): i32;
export declare function proxy_register_shared_queue(name: usize, nameSize: usize, returnQueueId: usize): i32;
export declare function proxy_resolve_shared_queue(
  vmId: usize,
  vmIdSize: usize,
  name: usize,
  nameSize: usize,
  returnQueueId: usize,
): i32;
export declare function proxy_enqueue_shared_queue(queueId: u32, data: usize, dataSize: usize): i32;
export declare function proxy_dequeue_shared_queue(queueId: u32, returnData: usize, returnSize: usize): i32;

export declare function proxy_define_metric(type: i32, name: usize, nameSize: usize, returnMetricId: usize): i32;
export declare function proxy_increment_metric(metricId: u32, by: i64): i32;
export declare function proxy_record_metric(metricId: u32, value: u64): i32;
export declare function proxy_get_metric(metricId: u32, returnValue: usize): i32;
