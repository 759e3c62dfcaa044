import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { logEvent } from "../process-log.ts";
import { withSocketMode } from "../socket.ts";
import { AdminError } from "./admin-error.ts";

/** Who calls. */
export interface AdminCaller {
  /** The secret that came with the call; null: none. What it proves, a command decides. */
  readonly token: string | null;
  /** Aborts when the caller waits no more: to whom it failed, nothing is to happen later. */
  readonly signal: AbortSignal;
}

/** One command: a JSON object in, one out. Whatever it refuses is an `AdminError`. */
export type AdminCommand = (input: Readonly<Record<string, unknown>>, caller: AdminCaller) => Promise<object>;

/** By name, such as `route/list`: what POST /route/list does. */
export type AdminCommands = Readonly<Record<string, AdminCommand>>;

const SOCKET_MODE = 0o600;
const BODY_MOST_BYTES = 64 * 1024;
const CONNECTIONS_MOST = 16;

/**
 * The sidecar's commands for its operator, as HTTP and JSON on a Unix socket that is this user's alone. An answer is an
 * object, or `{"error": {"code", "message"}}`.
 */
export class AdminServer {
  readonly #server: Server;
  readonly #commands: AdminCommands;

  constructor(commands: AdminCommands) {
    this.#commands = commands;
    this.#server = createServer(
      { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 1000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MOST;
  }

  /** `socketPath` must be free to bind. */
  listen(socketPath: string): Promise<void> {
    const bind = () =>
      new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(socketPath, resolve);
      });
    return withSocketMode(socketPath, bind, SOCKET_MODE);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      send(response, 200, await this.#run(request, gone.signal));
    } catch (caught) {
      if (caught instanceof AdminError) {
        const { code, message, status } = caught;
        send(response, status, { error: { code, message } });
        return;
      }
      // The caller has gone: there is nobody to be told, and nothing went wrong here.
      if (request.errored !== null || gone.signal.aborted) return;
      logEvent("error", "admin_failed", { message: (caught as Error).stack });
      send(response, 500, { error: { code: "internal", message: "the sidecar failed; its log says why" } });
    }
  }

  async #run(request: IncomingMessage, signal: AbortSignal): Promise<object> {
    const name = (request.url ?? "").slice(1);
    const command = Object.hasOwn(this.#commands, name) ? this.#commands[name] : undefined;
    if (request.method !== "POST" || command === undefined)
      throw new AdminError("not_found", "this sidecar has no such command");
    const input = await readObject(request);
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
    return command(input, { token, signal });
  }
}

async function readObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_MOST_BYTES) throw new AdminError("bad_request", `more than ${BODY_MOST_BYTES} bytes`);
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered as any other body that is no object.
  }
  throw new AdminError("bad_request", "expected a JSON object");
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
