import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a JWKS endpoint answers; the test changes it. */
export interface KeyServer {
  readonly uri: string;
  /** The body of the answer; null: 503. */
  jwks: string | null;
  /** Requests so far. */
  readonly fetches: number;
  stop(): Promise<void>;
}

/** On a free loopback port, or on a Unix socket. */
export async function startKeyServer(jwks: string | null, socketPath?: string): Promise<KeyServer> {
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    if (keyServer.jwks === null) response.writeHead(503).end();
    else response.setHeader("content-type", "application/jwk-set+json").end(keyServer.jwks);
  });
  await new Promise<void>((done) => {
    if (socketPath === undefined) server.listen(0, "127.0.0.1", done);
    else server.listen(socketPath, done);
  });
  const address = server.address() as AddressInfo | string;
  const keyServer: KeyServer = {
    uri: typeof address === "string" ? "" : `http://127.0.0.1:${address.port}/jwks`,
    jwks,
    get fetches() {
      return fetches;
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return keyServer;
}
