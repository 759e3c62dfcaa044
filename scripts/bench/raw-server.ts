import { Server, ServerCredentials } from "@grpc/grpc-js";

/** Answers unary calls on the Unix socket that is the only argument, each method by the bytes given for its path, without decoding anything. */
export function serveRaw(answers: Readonly<Record<string, Buffer>>): void {
  const [socket] = process.argv.slice(2);
  if (socket === undefined) throw new Error("expected the path of a socket");
  const server = new Server();
  for (const [path, answer] of Object.entries(answers)) {
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => bytes,
      requestSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
    };
    const call = (_call: unknown, done: (error: null, response: Buffer) => void) => done(null, answer);
    server.addService({ method }, { method: call });
  }
  server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
  });
}
