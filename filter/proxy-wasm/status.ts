/** What a function of the host gives (`proxy_status_t`; 5, 9 and 11 are Envoy's). */
export enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  InvalidMemoryAccess = 6,
  Empty = 7,
  CasMismatch = 8,
  ResultMismatch = 9,
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
}

/** What a header callback answers. */
export enum HeadersStatus {
  Continue = 0,
  /** Holds the headers; body callbacks still come, if Envoy's `allow_on_headers_stop_iteration` is set. */
  StopIteration = 1,
  ContinueAndEndStream = 2,
  /** Holds everything until the stream is continued; a body past the buffer limit is answered with 413. */
  StopAllIterationAndBuffer = 3,
  /** The same, but a body past the limit stops reading from the peer. */
  StopAllIterationAndWatermark = 4,
}

/** What a body callback answers. */
export enum DataStatus {
  Continue = 0,
  StopIterationAndBuffer = 1,
  StopIterationAndWatermark = 2,
  StopIterationNoBuffer = 3,
}

/** What a trailer callback answers. */
export enum TrailersStatus {
  Continue = 0,
  StopIteration = 1,
}
