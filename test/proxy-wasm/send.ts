import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";

/** One connection after the other: a worker of Envoy serves all of a connection. */
const oneShot = new Agent({ keepAlive: false });

export interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly trailers?: OutgoingHttpHeaders;
  readonly agent?: Agent;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

/** Sends a request to a loopback port and reads the whole answer. */
export function send(port: number, path: string, sent: Sent = {}): Promise<Received> {
  const { method = "GET", headers = {}, body, trailers, agent = oneShot } = sent;
  return new Promise((done, refuse) => {
    const call = request({ host: "127.0.0.1", port, path, method, headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const { statusCode: status = 0, headers, trailers } = response;
        done({ status, headers, body: text, trailers });
      });
      response.on("error", refuse);
    });
    call.on("error", refuse);
    if (body !== undefined) call.write(body);
    if (trailers) call.addTrailers(trailers as Record<string, string>);
    call.end();
  });
}
