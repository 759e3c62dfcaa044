import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import type { Registry } from "prom-client";
import type { DashboardAddress } from "../config.ts";
import { withSocketMode } from "../socket.ts";
import { StartError } from "../start-error.ts";
import { Access, isLoopbackHost } from "./access.ts";
import { LiveFeed } from "./live.ts";
import type { Asset } from "./page.ts";
import type { RecentDecisions } from "./recent.ts";

export interface DashboardOptions {
  readonly address: DashboardAddress;
  readonly token: string;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly recent: RecentDecisions;
  /** Where each route stands. */
  readonly routes: () => readonly object[];
  readonly metrics: Registry;
  /** The public keys of assertions, a JSON Web Key Set. */
  readonly assertionKeys: () => object;
}

const CONNECTIONS_MOST = 64;
const URL_MOST_CHARACTERS = 1024;

/** For every answer. The page runs its own script only and can't be framed, referred to or read from elsewhere. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/**
 * The dashboard and, beside it, `/metrics` and `/assertion/jwks.json`: one listener with one check of the Host header.
 * These two ask for no token: metrics hold counts by closed labels only, and a scraper's configuration must outlive the
 * token of one run; the keys are public.
 */
export class Dashboard {
  readonly #server: Server;
  readonly #options: DashboardOptions;
  readonly #access: Access;
  readonly #live: LiveFeed;

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#access = new Access(options.token);
    this.#live = new LiveFeed(options.recent, options.routes);
    this.#server = createServer(
      { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MOST;
  }

  /** @returns the origin it listens on, or the path of its socket, which must be free to bind */
  async listen(): Promise<string> {
    const { address } = this.#options;
    if ("socketPath" in address) {
      await withSocketMode(address.socketPath, () => this.#bind({ path: address.socketPath }));
      return address.socketPath;
    }
    const { host } = address;
    await this.#bind(address);
    const { port } = this.#server.address() as AddressInfo;
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  #bind(address: ListenOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => {
        reject(new StartError("dashboard_address", `dashboard: ${error.message}`));
      });
      this.#server.listen(address, resolve);
    });
  }

  close(): Promise<void> {
    this.#live.close();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const target = request.url ?? "";
    if (!isLoopbackHost(request))
      return plain(response, 421, "This address answers to 127.0.0.1, [::1] and localhost only.");
    if (request.method !== "GET") return plain(response, 405, "Only GET is allowed.");
    if (target.length > URL_MOST_CHARACTERS || !target.startsWith("/")) return plain(response, 400, "Bad request.");
    const [path = "", query = ""] = target.split("?", 2);
    if (path === "/metrics") return this.#metrics(response);
    if (path === "/assertion/jwks.json") return keySet(response, this.#options.assertionKeys());
    const token = new URLSearchParams(query).get("token");
    if (path === "/" && token !== null && this.#access.tokenIs(token)) {
      response.setHeader("set-cookie", this.#access.setCookie(request));
      response.writeHead(303, { location: "/" }).end();
      return;
    }
    if (!this.#access.hasSession(request)) {
      return plain(response, 401, "Open the dashboard's URL with its token, as printed when the gateway started.");
    }
    this.#serve(path, response);
  }

  #serve(path: string, response: ServerResponse): void {
    const asset = this.#options.assets.get(path);
    if (asset !== undefined) response.writeHead(200, { "content-type": asset.type }).end(asset.body);
    else if (path !== "/events") plain(response, 404, "Not found.");
    else if (!this.#live.add(response)) plain(response, 503, "Too many dashboards are open.");
  }

  async #metrics(response: ServerResponse): Promise<void> {
    const { metrics } = this.#options;
    response.writeHead(200, { "content-type": metrics.contentType }).end(await metrics.metrics());
  }
}

function keySet(response: ServerResponse, keys: object): void {
  response.writeHead(200, { "content-type": "application/jwk-set+json" }).end(JSON.stringify(keys));
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
