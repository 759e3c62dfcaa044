import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "../../scripts/demo/certificate.ts";

/** What a JWKS endpoint answers; the test changes it. */
export interface KeyServer {
  readonly uri: string;
  /** The body of the answer; null: 503. */
  jwks: string | null;
  /** Requests so far. */
  readonly fetches: number;
  /** Connections so far, whatever came of them. */
  readonly connections: number;
  /** Shows another certificate from now on. */
  present(certificate: Certificate): void;
  stop(): Promise<void>;
}

/** On a free loopback port, or on a Unix socket; with a certificate over TLS, under the name `localhost`. */
export async function startKeyServer(
  jwks: string | null,
  { socketPath, certificate }: { readonly socketPath?: string; readonly certificate?: Certificate } = {},
): Promise<KeyServer> {
  let fetches = 0;
  let connections = 0;
  const answer: RequestListener = (_request, response) => {
    fetches += 1;
    if (keyServer.jwks === null) response.writeHead(503).end();
    else response.setHeader("content-type", "application/jwk-set+json").end(keyServer.jwks);
  };
  const secure = certificate && createSecureServer(credentialsOf(certificate), answer);
  const server = secure ?? createServer(answer);
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((done) => {
    if (socketPath === undefined) server.listen(0, "127.0.0.1", done);
    else server.listen(socketPath, done);
  });
  const address = server.address() as AddressInfo | string;
  const keyServer: KeyServer = {
    uri: typeof address === "string" ? "" : `${secure ? "https://localhost" : "http://127.0.0.1"}:${address.port}/jwks`,
    jwks,
    get fetches() {
      return fetches;
    },
    get connections() {
      return connections;
    },
    present: (other) => secure?.setSecureContext(credentialsOf(other)),
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return keyServer;
}

function credentialsOf({ certificatePem, keyPem }: Certificate) {
  return { cert: certificatePem, key: keyPem };
}
