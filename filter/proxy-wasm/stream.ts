import { proxy_close_stream, proxy_continue_stream, proxy_done, proxy_set_effective_context } from "./env";
import { Status } from "./status";

/** `proxy_stream_type_t` */
const REQUEST: i32 = 0;
const RESPONSE: i32 = 1;

/** Goes on with a request that a callback stopped. */
export function continueRequest(): Status {
  return proxy_continue_stream(REQUEST);
}

/** Goes on with a response that a callback stopped. */
export function continueResponse(): Status {
  return proxy_continue_stream(RESPONSE);
}

/** Resets the request's stream. */
export function closeRequest(): Status {
  return proxy_close_stream(REQUEST);
}

/** Resets the response's stream. */
export function closeResponse(): Status {
  return proxy_close_stream(RESPONSE);
}

/**
 * Makes the following host calls of this callback belong to a stream: needed in a callback of the root context (tick,
 * call-outs, queues). `BadArgument`: the stream is gone.
 */
export function setEffectiveContext(contextId: u32): Status {
  return proxy_set_effective_context(contextId);
}

/** Ends a context whose `onDone` gave false. */
export function done(): Status {
  return proxy_done();
}
