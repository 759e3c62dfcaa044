import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";

const passBytes = (bytes: Buffer) => bytes;

/** The gRPC service that the probe asks: the message says what it does. */
export interface Oracle {
  /** Calls that are held now. */
  readonly held: number;
  /** Calls that the client gave up. */
  readonly cancelled: number;
  /** Answers every held call. */
  release(): void;
  close(): void;
}

/** On a Unix socket. Ask: `hold` waits for `release`, `fail` is RESOURCE_EXHAUSTED, all else is echoed. Converse: `leave` ends it, all else is echoed. */
export async function startOracle(socketPath: string): Promise<Oracle> {
  const waiting = new Set<() => void>();
  let cancelled = 0;
  const server = new Server();
  const ask = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
    const message = call.request.toString();
    if (message === "fail") return reply({ code: 8, details: "too 100% much" });
    if (message !== "hold") return reply(null, Buffer.from(`echo ${message}`));
    const answer = () => reply(null, Buffer.from("released"));
    waiting.add(answer);
    call.on("cancelled", () => {
      cancelled++;
      waiting.delete(answer);
    });
  };
  const converse = (call: ServerDuplexStream<Buffer, Buffer>) => {
    const [opening, closing] = [new Metadata(), new Metadata()];
    opening.set("x-opening", "hello");
    closing.set("x-closing", "bye");
    call.sendMetadata(opening);
    call.on("data", (message: Buffer) => {
      if (message.toString() === "leave") call.end(closing);
      else call.write(Buffer.from(`echo ${message}`));
    });
    call.on("end", () => call.end(closing));
    call.on("cancelled", () => cancelled++);
  };
  const codec = {
    requestSerialize: passBytes,
    requestDeserialize: passBytes,
    responseSerialize: passBytes,
    responseDeserialize: passBytes,
  };
  const methods = {
    Ask: { path: "/test.Oracle/Ask", requestStream: false, responseStream: false, ...codec },
    Converse: { path: "/test.Oracle/Converse", requestStream: true, responseStream: true, ...codec },
  };
  server.addService(methods, { Ask: ask, Converse: converse });
  await new Promise<void>((done, refuse) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error ? refuse(error) : done(),
    );
  });
  return {
    get held() {
      return waiting.size;
    },
    get cancelled() {
      return cancelled;
    },
    release() {
      for (const answer of waiting) answer();
      waiting.clear();
    },
    close: () => server.forceShutdown(),
  };
}
