import { type handleBidiStreamingCall, type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";

/** Bytes by the paths of methods. */
type Answers = Readonly<Record<string, Buffer>>;

const answerOne =
  (answer: Buffer): handleUnaryCall<Buffer, Buffer> =>
  (_call, done) =>
    done(null, answer);

const answerEach =
  (answer: Buffer): handleBidiStreamingCall<Buffer, Buffer> =>
  (call) => {
    call.on("data", () => call.write(answer));
    call.on("end", () => call.end());
  };

/**
 * Answers on the Unix socket that is the only argument, each method by the bytes given for its path, without decoding
 * anything. `stream`: a call carries one request after the other.
 */
export function serveRaw(kind: "unary" | "stream", answers: Answers): void {
  const [socket] = process.argv.slice(2);
  if (socket === undefined) throw new Error("expected the path of a socket");
  const server = new Server();
  const isStream = kind === "stream";
  for (const [path, answer] of Object.entries(answers)) {
    const method = {
      path,
      requestStream: isStream,
      responseStream: isStream,
      requestDeserialize: same,
      requestSerialize: same,
      responseDeserialize: same,
      responseSerialize: same,
    };
    server.addService({ method }, { method: isStream ? answerEach(answer) : answerOne(answer) });
  }
  server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
  });
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
