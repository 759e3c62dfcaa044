import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived behind the gateway. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
}

export interface RecordingUpstream {
  readonly url: URL;
  /** Method and target of every request of which a head arrived, whether or not its end did. */
  readonly arrivals: string[];
  /** In the order in which their ends arrived. */
  readonly requests: RecordedRequest[];
  stop(): Promise<void>;
}

/** A server on a free loopback port that records every request, then answers 200 `ok`, or as `answer` does. */
export async function startRecordingUpstream(answer?: RequestListener): Promise<RecordingUpstream> {
  const arrivals: string[] = [];
  const requests: RecordedRequest[] = [];
  const server = createServer({ maxHeaderSize: 128 * 1024 }, async (request, response) => {
    const parts: Buffer[] = [];
    arrivals.push(`${request.method} ${request.url}`);
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    const { method = "", url = "", headers, rawHeaders, trailers } = request;
    requests.push({ method, path: url, headers, rawHeaders, body: Buffer.concat(parts), trailers });
    if (answer) answer(request, response);
    else response.end("ok");
  });
  await new Promise<void>((done, refuse) => {
    server.once("error", refuse);
    server.listen(0, "127.0.0.1", done);
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    arrivals,
    requests,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
