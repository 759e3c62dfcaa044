import { Agent, request } from "node:http";
import type { TestIssuer } from "../harness/issuer.ts";
import type { RecordingUpstream } from "../harness/upstream.ts";

const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");
const hostileJson = JSON.stringify({ items: [{ note: decodeURIComponent(attack) }] });
const harmlessJson = JSON.stringify({ items: [{ note: "I'd like the blue one, please.", count: 3 }], name: "O'Brien" });

/** A policy with every kind of decision, for `MixedTraffic`. */
export const mixedPolicy = (deadline: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }]
routes:
  - { name: order, match: { methods: [GET], path: /orders/** }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: screened, match: { path: /screened/** }, public: true, score: { maxBody: 4KiB, deadline: ${deadline}, onUnavailable: open } }
  - { name: open, match: { path: /eased/** }, public: true, score: { ask: always, deadline: ${deadline}, onUnavailable: open } }
  - { name: closed, match: { path: /closed/** }, public: true, score: { ask: always, deadline: ${deadline} } }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { ask: always, deadline: ${deadline} } }
`;

interface Kind {
  readonly name: string;
  readonly method?: string;
  /** Given the request's number. */
  readonly target: (n: number) => string;
  readonly body?: string;
  readonly token?: string;
  /** Every status that is right; of these only 200 may have reached the upstream. */
  readonly right: readonly number[];
}

/** What became of the requests, by the word of their clients and of the upstream. */
export interface Tally {
  readonly sent: number;
  readonly permitted: number;
  /** No answer, or a broken one. */
  readonly unanswered: number;
  /** Answers of a status that is not right for their kind, such as `closed: 500`. */
  readonly wrong: readonly string[];
  /** Requests that reached the upstream though their client was not told 200: forwarded without, or against, a verdict. */
  readonly undecided: readonly string[];
  /** 503, or judged without the model. */
  readonly unavailable: number;
}

/** Fifteen kinds of request in turn, each with the answers that are right for it, whatever happens to the sidecar. */
export class MixedTraffic {
  readonly #url: string;
  readonly #upstream: RecordingUpstream;
  readonly #kinds: readonly Kind[];
  #next = 0;

  private constructor(url: string, upstream: RecordingUpstream, kinds: readonly Kind[]) {
    this.#url = url;
    this.#upstream = upstream;
    this.#kinds = kinds;
  }

  static async make(url: string, upstream: RecordingUpstream, issuer: TestIssuer): Promise<MixedTraffic> {
    const good = await issuer.token("ES256", "orders:read", { expiresIn: 3600 });
    const narrow = await issuer.token("ES256", "profile", { expiresIn: 3600 });
    const old = await issuer.token("ES256", "orders:read", { expiresIn: -3600 });
    const forged = `${good.slice(0, -8)}AAAAAAAA`;
    const post = { method: "POST" };
    return new MixedTraffic(url, upstream, [
      { name: "granted", target: (n) => `/orders/${n}`, token: good, right: [200] },
      { name: "no token", target: (n) => `/orders/${n}`, right: [401] },
      { name: "forged token", target: (n) => `/orders/${n}`, token: forged, right: [401, 503] },
      { name: "expired token", target: (n) => `/orders/${n}`, token: old, right: [401] },
      { name: "no grant", target: (n) => `/orders/${n}`, token: narrow, right: [403] },
      { name: "no route", target: (n) => `/nowhere/${n}`, right: [403] },
      { name: "path trap", target: (n) => `/screened/%2e%2e/${n}`, right: [400] },
      { name: "harmless", target: (n) => `/screened/${n}?q=blue+shoes`, right: [200] },
      { name: "attack", target: (n) => `/screened/${n}?q=${attack}`, right: [403] },
      { ...post, name: "harmless body", target: (n) => `/screened/${n}`, body: harmlessJson, right: [200] },
      { ...post, name: "attack in a body", target: (n) => `/screened/${n}`, body: hostileJson, right: [403] },
      { ...post, name: "large body", target: (n) => `/screened/${n}`, body: "a".repeat(5_000), right: [413] },
      { name: "asked, open", target: (n) => `/eased/hello-${n}?q=hello`, right: [200] },
      { name: "asked, open, attack", target: (n) => `/eased/${n}?q=${attack}`, right: [403] },
      { name: "asked, closed", target: (n) => `/closed/hello-${n}?q=hello`, right: [200, 503] },
      { name: "watched", target: (n) => `/watched/${n}?q=${attack}`, right: [200] },
    ]);
  }

  /** Sends from so many clients, each one request after the other, until `enough` says so. */
  async run(clients: number, enough: (sent: number) => boolean): Promise<Tally> {
    const agent = new Agent({ keepAlive: true, maxSockets: clients });
    const own = new Set<string>();
    const permitted = new Set<string>();
    const wrong: string[] = [];
    const { arrivals, requests } = this.#upstream;
    let [sent, unanswered, unavailable] = [0, 0, 0];
    const client = async () => {
      while (!enough(sent)) {
        const kind = this.#kinds[this.#next % this.#kinds.length] as Kind;
        const target = kind.target(this.#next++);
        sent++;
        const request = `${kind.method ?? "GET"} ${target}`;
        own.add(request);
        const status = await send(agent, this.#url, target, kind);
        if (status === 200) permitted.add(request);
        if (status === 503) unavailable++;
        if (status === 0) unanswered++;
        else if (!kind.right.includes(status)) wrong.push(`${kind.name}: ${status}`);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    agent.destroy();
    const arrived = arrivals.filter((arrival) => own.has(arrival));
    [arrivals.length, requests.length] = [0, 0];
    const undecided = arrived.filter((arrival) => !permitted.delete(arrival));
    wrong.push(...[...permitted].map((target) => `${target}: 200, and never arrived`));
    return { sent, permitted: arrived.length - undecided.length, unanswered, wrong, undecided, unavailable };
  }
}

/** The status; 0: none. */
function send(agent: Agent, url: string, path: string, { method = "GET", body, token }: Kind): Promise<number> {
  const { hostname, port } = new URL(url);
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = body.startsWith("{") ? "application/json" : "text/plain";
  return new Promise((done) => {
    const call = request({ hostname, port, path, agent, method, headers }, (response) => {
      response.resume();
      response.on("end", () => done(response.statusCode ?? 0)).on("error", () => done(0));
    });
    call.on("error", () => done(0));
    call.end(body);
  });
}
