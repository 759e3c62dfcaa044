import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

/** As large as a key set in a file may be. */
const BODY_MOST_BYTES = 256 * 1024;
/** For connecting, and again for each silence on the connection. */
const SILENCE_MS = 5_000;

export interface FetchOptions {
  /** A folder with a Unix socket for each host and port, `HOST_PORT.sock`, of a process that has a network; null: this one has. */
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
  const common = { signal, headers, agent: false } as const;
  const call = secure
    ? requestHttps(uri, {
        ...common,
        ...(egressDirectory && {
          createConnection: () =>
            connectTls({ socket: connect(socketOf(uri, egressDirectory)), servername: uri.hostname }),
        }),
      })
    : requestHttp(uri, { ...common, ...(egressDirectory && { socketPath: socketOf(uri, egressDirectory) }) });
  call.setTimeout(SILENCE_MS, () => call.destroy(new Error(`no answer within ${SILENCE_MS} ms`)));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject).end();
  });
  return new Response(await readBounded(answer), { status: answer.statusCode ?? 500 });
}

/** Where a process with a network takes connections to that host. */
function socketOf({ hostname, port, protocol }: URL, egressDirectory: string): string {
  return join(egressDirectory, `${hostname}_${port || (protocol === "https:" ? 443 : 80)}.sock`);
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
