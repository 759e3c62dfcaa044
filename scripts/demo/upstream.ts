import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** The header by which the demo tells its own requests apart. */
export const stepHeader = "demo-step";

export interface DemoUpstream {
  readonly url: URL;
  stop(): Promise<void>;
}

interface UpstreamOptions {
  /** Default: the loopback. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Called for each step that arrives. */
  readonly onArrival: (step: string) => void;
}

/** A small server that answers with what it was sent. */
export async function startUpstream({
  host = "127.0.0.1",
  port = 0,
  onArrival,
}: UpstreamOptions): Promise<DemoUpstream> {
  const server = createServer(async (request, response) => {
    const step = request.headers[stepHeader];
    if (typeof step === "string") onArrival(step);
    const echo = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      bodyBytes: await countBytes(request),
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`${JSON.stringify(echo, null, 2)}\n`);
  });
  await new Promise<void>((done, refuse) => {
    server.once("error", refuse);
    server.listen({ host, port }, done);
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function countBytes(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const part of request) bytes += (part as Buffer).length;
  return bytes;
}
