import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect, isIP } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { keyHost } from "./egress-socket.ts";

/** As large as a key set in a file may be. */
const BODY_MOST_BYTES = 256 * 1024;
/** For connecting, and again for each silence on the connection. */
const SILENCE_MS = 5_000;

export interface FetchOptions {
  /** A folder with a Unix socket for each host (`KeyHost`), of a process that has a network; null: this one has. */
  readonly egressDirectory: string | null;
  readonly signal: AbortSignal;
}

/**
 * GET of a key set: no redirects, no more than 256 KiB. The certificate is checked as everywhere in Node
 * (`NODE_EXTRA_CA_CERTS` names further authorities), also where the connection goes over a socket.
 * @throws Error
 */
export async function fetchKeySet(uri: URL, { egressDirectory, signal }: FetchOptions): Promise<Response> {
  const secure = uri.protocol === "https:";
  const headers = { accept: "application/jwk-set+json, application/json", "user-agent": "postern" };
  const common = { signal, headers } as const;
  const { host, socketName } = keyHost(uri);
  const socketPath = egressDirectory && join(egressDirectory, socketName);
  const call = secure
    ? requestHttps(uri, {
        ...common,
        // With an agent, even `false`, Node makes the connection itself.
        ...(socketPath ? { createConnection: () => secured(socketPath, host) } : { agent: false }),
      })
    : requestHttp(uri, { ...common, agent: false, ...(socketPath && { socketPath }) });
  call.setTimeout(SILENCE_MS, () => call.destroy(timedOut()));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // Whatever Node takes for no response, such as a switch of protocols, ends with this event alone.
    call.once("close", () => reject(noAnswer()));
    call.once("response", resolve).once("error", reject).end();
  });
  return new Response(await readBounded(answer), { status: answer.statusCode ?? 500 });
}

/** TLS from here to the host, whoever carries it. RFC 6066, section 3: no address literals in SNI. */
function secured(socketPath: string, host: string): TLSSocket {
  const carrier = connect(socketPath);
  const socket = connectTls({ socket: carrier, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
  carrier.once("error", (error) => socket.destroy(error));
  return socket;
}

function timedOut(): NodeJS.ErrnoException {
  return Object.assign(new Error(`no answer within ${SILENCE_MS} ms`), { code: "ETIMEDOUT" });
}

function noAnswer(): NodeJS.ErrnoException {
  return Object.assign(new Error("no answer"), { code: "ECONNRESET" });
}

async function readBounded(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_MOST_BYTES) {
      answer.destroy();
      throw new Error(`the answer has more than ${BODY_MOST_BYTES} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
