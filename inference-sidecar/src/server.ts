import {
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { logEvent } from "./process-log.ts";
import { ServiceError, type ServiceErrorCode } from "./service-error.ts";

// Its own lines are no JSON; whatever matters reaches this code as an error.
setLogVerbosity(logVerbosity.NONE);

interface CallContext {
  /** Aborted with a ServiceError when the client is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Unix milliseconds; Infinity: the client set none. */
  readonly deadline: number;
}

export type Handler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

const STREAMS_MOST = 1024;
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

export interface Service {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, Handler<never, object>>>;
}

export interface ServiceOptions {
  readonly services: readonly Service[];
  readonly health: Health;
  readonly messageBytes: number;
  readonly metrics: Metrics;
}

/** The gRPC server: transport, and the one edge where errors become statuses. */
export class SidecarServer {
  readonly #server: Server;

  constructor({ services, health, messageBytes, metrics }: ServiceOptions) {
    this.#server = new Server({
      "grpc.max_receive_message_length": messageBytes,
      "grpc.max_concurrent_streams": STREAMS_MOST,
      // Nobody asks for its statistics, and it takes part in every call.
      "grpc.enable_channelz": 0,
    });
    for (const { definition, handlers } of services) {
      const calls = Object.entries(handlers).map(([name, handle]) => [name, unary(name, handle, metrics)]);
      this.#server.addService(definition, Object.fromEntries(calls));
    }
    health.service.addToServer(this.#server);
  }

  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** Takes no more calls and waits for those in flight, at most `milliseconds`; then cuts them. */
  async drain(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const cut = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve())), cut]);
    clearTimeout(timer);
    this.#server.forceShutdown();
  }
}

function unary(method: string, handle: Handler<never, object>, metrics: Metrics): handleUnaryCall<object, object> {
  return async (call, callback) => {
    try {
      if (call.request instanceof ServiceError) throw call.request;
      const response = await handle(call.request as never, callContext(call));
      metrics.calls.inc({ method, status: "ok" });
      callback(null, response);
    } catch (caught) {
      const error = ServiceError.from(caught);
      metrics.calls.inc({ method, status: error.code });
      if (error.code === "internal") logInternal(method, error);
      if (error.code === "failed_precondition") logWrongPair(method, error);
      callback({ code: STATUS[error.code], details: error.message });
    }
  };
}

/** A signal, and the error that aborts it, is made only where it is asked for: most calls are over before they could be given up. */
function callContext(call: ServerUnaryCall<object, object>): CallContext {
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
