import { logVerbosity, Server, ServerCredentials, type ServiceDefinition, setLogVerbosity } from "@grpc/grpc-js";
import { type Handler, SerialCalls, unary } from "./calls.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

// Its own lines are no JSON; whatever matters reaches this code as an error.
setLogVerbosity(logVerbosity.NONE);

const STREAMS_MOST = 1024;

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

/** The gRPC server. */
export class SidecarServer {
  readonly #server: Server;
  readonly #serial = new SerialCalls();

  constructor({ services, health, messageBytes, metrics }: ServiceOptions) {
    this.#server = new Server({
      "grpc.max_receive_message_length": messageBytes,
      "grpc.max_concurrent_streams": STREAMS_MOST,
      // Nobody asks for its statistics, and it takes part in every call.
      "grpc.enable_channelz": 0,
    });
    for (const { definition, handlers } of services) {
      const calls = Object.entries(handlers).map(([name, handle]) => {
        const isSerial = definition[name]?.requestStream ?? false;
        return [name, isSerial ? this.#serial.handler(name, handle, metrics) : unary(name, handle, metrics)];
      });
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
    this.#serial.drain();
    let timer: NodeJS.Timeout | undefined;
    const cut = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve())), cut]);
    clearTimeout(timer);
    this.#server.forceShutdown();
  }
}
