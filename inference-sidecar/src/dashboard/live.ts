import type { ServerResponse } from "node:http";
import type { RecentDecisions } from "./recent.ts";

const CLIENTS_MOST = 8;
const PERIOD_MS = 250;
/** Evidence of routes is counted with every request, and read by people. */
const ROUTES_PERIOD_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A client that takes its messages slower than this is dropped; its browser connects again. */
const UNSENT_MOST_BYTES = 4 * 1024 * 1024;

interface Client {
  readonly response: ServerResponse;
  mark: number;
  routes: string;
  sentAt: number;
}

/**
 * Server-sent events (WHATWG HTML, section 9.2): all that is remembered at once, then what came, a few times a second; as
 * events named `routes` where each route stands, whenever that has changed.
 */
export class LiveFeed {
  readonly #recent: RecentDecisions;
  readonly #readRoutes: () => readonly object[];
  #routes = "[]";
  #routesAt = Number.NEGATIVE_INFINITY;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(recent: RecentDecisions, routes: () => readonly object[]) {
    this.#recent = recent;
    this.#readRoutes = routes;
  }

  /** @returns false: too many watch already */
  add(response: ServerResponse): boolean {
    if (this.#clients.size >= CLIENTS_MOST) return false;
    const client: Client = { response, mark: 0, routes: "", sentAt: 0 };
    this.#clients.add(client);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.on("close", () => this.#remove(client));
    this.#send(client);
    this.#sendRoutes(client);
    this.#timer ??= setInterval(() => this.#sendAll(), PERIOD_MS);
    return true;
  }

  close(): void {
    for (const { response } of this.#clients) response.destroy();
  }

  #sendAll(): void {
    for (const client of this.#clients) {
      if (client.response.writableLength > UNSENT_MOST_BYTES) {
        client.response.destroy();
        continue;
      }
      this.#sendRoutes(client);
      if (client.mark !== this.#recent.mark) this.#send(client);
      else if (performance.now() - client.sentAt > HEARTBEAT_MS) this.#write(client, ":\n\n");
    }
  }

  #send(client: Client): void {
    const update = this.#recent.since(client.mark);
    client.mark = this.#recent.mark;
    this.#write(client, `data: ${JSON.stringify(update)}\n\n`);
  }

  #sendRoutes(client: Client): void {
    const now = performance.now();
    if (now - this.#routesAt > ROUTES_PERIOD_MS) {
      this.#routesAt = now;
      this.#routes = JSON.stringify(this.#readRoutes());
    }
    if (client.routes === this.#routes) return;
    client.routes = this.#routes;
    this.#write(client, `event: routes\ndata: ${this.#routes}\n\n`);
  }

  #write(client: Client, message: string): void {
    client.sentAt = performance.now();
    client.response.write(message);
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
