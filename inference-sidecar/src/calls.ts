import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import type { Metrics } from "./metrics.ts";
import { logEvent } from "./process-log.ts";
import { ServiceError, type ServiceErrorCode } from "./service-error.ts";

interface CallContext {
  /** Aborted with a ServiceError when the client is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Unix milliseconds; Infinity: the client set none. */
  readonly deadline: number;
}

export type Handler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

type Call = ServerUnaryCall<object, object> | ServerDuplexStream<object, object>;

const WRONG_PAIR_LOG_MS = 10_000;

const STATUS = {
  invalid_argument: status.INVALID_ARGUMENT,
  failed_precondition: status.FAILED_PRECONDITION,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
} as const satisfies Record<ServiceErrorCode, status>;

/** What carries one request. */
export function unary(
  method: string,
  handle: Handler<never, object>,
  metrics: Metrics,
): handleUnaryCall<object, object> {
  return (call, callback) => {
    void answer(method, handle, call.request, call, metrics).then(({ failure, response }) =>
      callback(failure, response),
    );
  };
}

/** Calls that carry one request after the other. The next is taken when the one before is answered; an error ends the call. */
export class SerialCalls {
  /** Ends a call that is open, once it has answered what it has taken. */
  readonly #open = new Set<() => void>();

  handler(method: string, handle: Handler<never, object>, metrics: Metrics): handleBidiStreamingCall<object, object> {
    return (call) => {
      let isAnswering = false;
      let isOver = false;
      const end = () => {
        isOver = true;
        if (!isAnswering) call.end();
      };
      this.#open.add(end);
      call.on("close", () => this.#open.delete(end));
      call.on("end", end);
      call.on("data", async (request: object) => {
        isAnswering = true;
        call.pause();
        const { failure, response } = await answer(method, handle, request, call, metrics);
        isAnswering = false;
        if (failure !== null) {
          call.emit("error", failure);
          return;
        }
        call.write(response);
        if (isOver) call.end();
        else call.resume();
      });
    };
  }

  /** Takes no more requests. */
  drain(): void {
    for (const end of this.#open) end();
  }
}

/** Of one request; its failure as gRPC takes it. */
type Answer =
  | { readonly failure: null; readonly response: object }
  | { readonly failure: Pick<StatusObject, "code" | "details">; readonly response: null };

async function answer(
  method: string,
  handle: Handler<never, object>,
  request: object,
  call: Call,
  metrics: Metrics,
): Promise<Answer> {
  try {
    if (request instanceof ServiceError) throw request;
    const response = await handle(request as never, callContext(call));
    metrics.calls.inc({ method, status: "ok" });
    return { failure: null, response };
  } catch (caught) {
    const error = ServiceError.from(caught);
    metrics.calls.inc({ method, status: error.code });
    if (error.code === "internal") logInternal(method, error);
    if (error.code === "failed_precondition") logWrongPair(method, error);
    return { failure: { code: STATUS[error.code], details: error.message }, response: null };
  }
}

/** A signal, and the error that aborts it, is made only where it is asked for: most calls are over before they could be given up. */
function callContext(call: Call): CallContext {
  const given = call.getDeadline();
  const deadline = given instanceof Date ? given.getTime() : given;
  let controller: AbortController | null = null;
  const abort = () => {
    const expired = Date.now() >= deadline;
    controller?.abort(
      expired
        ? new ServiceError("deadline_exceeded", "the deadline has passed")
        : new ServiceError("cancelled", "the client is gone"),
    );
  };
  return {
    get signal() {
      if (controller === null) {
        controller = new AbortController();
        if (call.cancelled) abort();
        else call.on("cancelled", abort);
      }
      return controller.signal;
    },
    deadline,
  };
}

let wrongPairLoggedAt = Number.NEGATIVE_INFINITY;

/** Filter and sidecar don't go together: it comes with every call. */
function logWrongPair(method: string, { message }: ServiceError): void {
  if (performance.now() - wrongPairLoggedAt < WRONG_PAIR_LOG_MS) return;
  wrongPairLoggedAt = performance.now();
  logEvent("error", "wrong_pair", { method, message });
}

function logInternal(method: string, error: ServiceError): void {
  const { cause } = error;
  logEvent("error", "call_failed", {
    method,
    message: error.message,
    cause: cause instanceof Error ? cause.stack : cause,
  });
}
