import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";

/** `grpc.health.v1.HealthCheckResponse` with status SERVING, and gRPC's frame of an empty request. */
const serving = Buffer.from([8, 1]);
const emptyMessage = Buffer.alloc(5);

/** Asks `grpc.health.v1.Health/Check` over the Unix socket: true only when the model is loaded and warmed. */
export function isServing(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect(socketPath) });
    const finish = (healthy: boolean) => {
      session.destroy();
      done(healthy);
    };
    session.setTimeout(2_000, () => finish(false));
    session.on("error", () => finish(false));
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("error", () => finish(false));
    stream.on("close", () => finish(Buffer.concat(parts).subarray(5).equals(serving)));
    stream.end(emptyMessage);
  });
}
