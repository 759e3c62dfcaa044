import { connect, type Socket } from "node:net";

/** Takes the status of a whole answer. */
type Answered = (status: number) => void;

const headEnd = "\r\n\r\n";

/** A keep-alive HTTP/1.1 connection, one request at a time. Answers must have a content-length. */
export class Connection {
  readonly #socket: Socket;
  readonly #failed: (error: Error) => void;
  #received: Buffer = Buffer.alloc(0);
  #answered: Answered | null = null;
  #closing = false;

  private constructor(socket: Socket, failed: (error: Error) => void) {
    this.#socket = socket;
    this.#failed = failed;
    socket.setNoDelay(true);
    socket.on("data", (part) => this.#take(part));
    socket.on("error", failed);
    socket.on("close", () => {
      if (!this.#closing) failed(new Error("the listener closed a connection"));
    });
  }

  /** @param failed told of everything that makes the connection useless */
  static open(url: URL, failed: (error: Error) => void): Promise<Connection> {
    return new Promise((done, refuse) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once("error", refuse);
      socket.once("connect", () => {
        socket.off("error", refuse);
        done(new Connection(socket, failed));
      });
    });
  }

  send(request: Buffer, answered: Answered): void {
    this.#answered = answered;
    this.#socket.write(request);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const end = this.#received.indexOf(headEnd);
    if (end < 0) return;
    const head = this.#received.toString("latin1", 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#failed(new Error(`an answer without content-length:\n${head}`));
      return;
    }
    if (this.#received.length < end + headEnd.length + Number(length)) return;
    this.#received = Buffer.alloc(0);
    const answered = this.#answered;
    this.#answered = null;
    if (answered) answered(Number(head.slice(9, 12)));
    else this.#failed(new Error(`an answer that nobody asked for:\n${head}`));
  }
}
