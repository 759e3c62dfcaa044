import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { RawAnswer } from "./raw-http.ts";

const patienceMillis = 60_000;

/** A connection that sends one request's bytes after the other as they are, and is opened anew when it was closed. */
export class KeepAliveConnection {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #tls: ConnectionOptions | null;
  #socket: Socket | null = null;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  /** `tls`: null makes it a plain one. */
  constructor(url: string, tls: ConnectionOptions | null = null) {
    const { hostname, port } = new URL(url);
    this.#address = { host: hostname, port: Number(port) };
    this.#tls = tls;
  }

  /** The answer; its status is 0 where the connection ended without one. */
  async send(method: string, bytes: Buffer): Promise<RawAnswer> {
    const socket = this.#open();
    this.#received = Buffer.alloc(0);
    socket.write(bytes);
    const deadline = setTimeout(() => socket.destroy(), patienceMillis);
    try {
      for (;;) {
        const answer = wholeAnswer(this.#received, method);
        if (answer !== null) {
          if (answer.headers.connection === "close") this.close();
          return answer;
        }
        if (this.#socket === null) return { status: 0, headers: {}, body: "" };
        await new Promise<void>((done) => {
          this.#wake = done;
        });
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    if (this.#socket !== null) return this.#socket;
    const socket = this.#tls ? connectTls({ ...this.#tls, ...this.#address }) : connect(this.#address);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (part: Buffer) => {
      this.#received = Buffer.concat([this.#received, part]);
      this.#wake();
    });
    const ended = () => {
      if (this.#socket === socket) this.#socket = null;
      this.#wake();
    };
    socket.on("end", ended).on("close", ended).on("error", ended);
    return socket;
  }
}

/** Null: not yet whole. Only answers whose length is given, or that have no body, are understood. */
function wholeAnswer(received: Buffer, method: string): RawAnswer | null {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const status = Number(first.slice(9, 12));
  if (status < 200) return wholeAnswer(received.subarray(end + 4), method);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const length = method === "HEAD" ? 0 : Number(headers["content-length"] ?? 0);
  const body = received.subarray(end + 4, end + 4 + length);
  return body.length < length ? null : { status, headers, body: body.toString("latin1") };
}
