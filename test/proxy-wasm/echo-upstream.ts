import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the upstream got, as it says in its answer. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, as they came. */
  readonly headers: string[];
  readonly body: string;
  readonly trailers: Record<string, string>;
}

/** An upstream on a loopback port that answers with what it got; `/trailers` with trailers, `/never` not at all. */
export async function startEchoUpstream(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      if (request.url === "/never") return;
      const { method, url: path, rawHeaders: headers, trailers } = request;
      response.setHeader("x-upstream", "secret");
      response.write(JSON.stringify({ method, path, headers, body, trailers }));
      if (path === "/trailers") response.addTrailers({ "x-trailer": "last" });
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}
