import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

export interface RawAnswer {
  /** 0: the connection ended without a response. */
  readonly status: number;
  /** Names in lower case; of repeated headers the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const patienceMillis = 15_000;

/**
 * Sends bytes as they are over a connection of its own and gives the first response to them. `tls` makes it TLS.
 * A list is written piece by piece, each after the one before has been taken by the kernel.
 */
export async function sendRaw(
  url: string,
  bytes: string | Buffer | readonly (string | Buffer)[],
  tls: ConnectionOptions | null = null,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const address = { host: hostname, port: Number(port) };
  const socket = tls ? connectTls({ ...address, ...tls }) : connect(address);
  try {
    const received = receive(socket);
    // What goes wrong while a piece is being sent is thrown below.
    received.catch(() => undefined);
    for (const piece of Array.isArray(bytes) ? bytes : [bytes]) {
      await new Promise<void>((done) => socket.write(toBytes(piece as string | Buffer), () => done()));
    }
    return parse(await received);
  } finally {
    socket.destroy();
  }
}

/** Text stands for bytes: each character is one. */
function toBytes(piece: string | Buffer): Buffer {
  return typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
}

/** Reads until the response is whole, the other side ends, or patience does. */
function receive(socket: Socket): Promise<Buffer> {
  return new Promise((done, refuse) => {
    let received: Buffer = Buffer.alloc(0);
    socket.setTimeout(patienceMillis, () => refuse(new Error(`no whole response in ${patienceMillis} ms`)));
    socket.on("data", (part: Buffer) => {
      received = Buffer.concat([received, part]);
      if (isWhole(received)) done(received);
    });
    socket.on("end", () => done(received));
    socket.on("close", () => done(received));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") done(received);
      else refuse(error);
    });
  });
}

function isWhole(received: Buffer): boolean {
  const { status, headers, body } = parse(received);
  if (status < 200 || headers["content-length"] === undefined) return status >= 200 && body.endsWith("0\r\n\r\n");
  return body.length >= Number(headers["content-length"]);
}

function parse(received: Buffer): RawAnswer {
  const text = received.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, headers: {}, body: "" };
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0);
  // An interim response (RFC 9110, section 15.2) is not the answer.
  if (status >= 100 && status < 200) return parse(received.subarray(end + 4));
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status, headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}
