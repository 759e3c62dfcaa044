import type { Random } from "../harness/random.ts";
import { body, largeBody, type ParityBody } from "./parity-bodies.ts";
import { headerText, payload, percentEncoded } from "./parity-payloads.ts";
import { apiKeys, webWorkload } from "./parity-policy.ts";
import type { makeTokens } from "./parity-tokens.ts";

/** The client certificates that requests come with. */
export const clients = ["none", "web", "other", "proxy"] as const;
export type Client = (typeof clients)[number];

export interface ParityRequest {
  readonly client: Client;
  readonly method: string;
  /** As sent over HTTP/1.1. */
  readonly bytes: Buffer;
  readonly body: Buffer;
}

type Tokens = Awaited<ReturnType<typeof makeTokens>>;

const shop = Array.from({ length: 12 }, () => "shop.example");
const hosts = [...shop, "api.shop.example", "admin.shop.example", "other.example"];
const oddHosts = [
  "SHOP.example",
  "shop.example:8443",
  "[::1]:8443",
  "shop.example.",
  "a@shop.example",
  "a,b",
  "münchen",
];
const methods = ["GET", "POST"];
const otherMethods = ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"];
const traps = [
  ..."/healthz/../orders/7|//orders/7|/orders/./7|/orders/%2e%2e/admin|/orders/7;v=1|/orders/7%2Fitems|/orders/a%2fb".split(
    "|",
  ),
  ..."/orders/7%00|/ORDERS/7|/orders\\7|/orders/%c0%ae%c0%ae/x|/orders/%252e%252e/x|/search/%2e%2e/orders/7".split("|"),
  ..."/search/a//b|/search/..;/orders/7|/orders/7/|/orders/%e0%80%af|/uploads/%5c..%5c|/orders/%ff|/|/orders/7%0a|*".split(
    "|",
  ),
];
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/** One request after the other, of every kind that the gate tells apart and some that Envoy refuses. */
export function generateRequest(random: Random, tokens: Tokens): ParityRequest {
  const method = random.pick(random.chance(90) ? methods : otherMethods);
  const client = random.chance(70) ? "none" : random.pick(clients);
  const headers: string[] = [`host: ${random.chance(97) ? random.pick(hosts) : random.pick(oddHosts)}`];
  headers.push(...authorization(random, tokens), ...ordinaryHeaders(random));
  if (client === "proxy" && random.chance(70))
    headers.push(`x-forwarded-client-cert: By=spiffe://edge.example/gate;URI=${webWorkload}`);
  if (random.chance(5))
    headers.push(`x-api-key: ${random.pick([apiKeys.till, apiKeys.till, apiKeys.old, "nobody's"])}`);
  if (random.chance(6)) headers.push(...oddHeaders(random));
  const sent =
    method === "GET" || method === "HEAD" || random.chance(10)
      ? null
      : random.chance(4)
        ? largeBody(random)
        : body(random);
  const head = `${method} ${target(random)} HTTP/1.1`;
  const content = sent?.content ?? Buffer.alloc(0);
  const framed = sent === null ? { fields: [], content } : frame(random, sent);
  const lines = [head, ...headers, ...framed.fields, "", ""].join("\r\n");
  return { client, method, bytes: Buffer.concat([Buffer.from(lines, "latin1"), framed.content]), body: content };
}

function target(random: Random): string {
  const id = () => random.pick(["7", "a-1", percentEncoded(random, payload(random).subarray(0, 40)) || "0"]);
  const path = random.chance(8)
    ? random.pick(traps)
    : random.pick([
        () => "/healthz",
        () => `/orders/${id()}`,
        () => `/orders/${id()}`,
        () => `/orders/${id()}/items/${id()}`,
        () => `/search/${id()}`,
        () => `/search/${id()}`,
        () => `/search/${id()}`,
        () => `/uploads/${id()}`,
        () => `/tills/${id()}`,
        () => (random.chance(25) ? "/asked" : "/search/shoes"),
        () => `/watched/${id()}`,
        () => `/seen/${id()}/more`,
        () => `/nowhere/${id()}`,
      ])();
  if (random.chance(40)) return path;
  const pairs = Array.from(
    { length: 1 + random.below(4) },
    (_, index) => `q${index}=${percentEncoded(random, payload(random))}`,
  );
  return `${path}?${pairs.join(random.pick(["&", "&", "&", ";", "&&"]))}`;
}

function authorization(random: Random, tokens: Tokens): string[] {
  const dice = random.below(100);
  if (dice < 30) return [];
  if (dice < 80)
    return [`authorization: ${random.pick(["Bearer", "Bearer", "bearer", "BEARER "])} ${tokens.good(random)}`];
  if (dice < 89) return [`authorization: Bearer ${tokens.bad(random)}`];
  if (dice < 95) return [`authorization: Bearer ${tokens.damaged(random)}`];
  if (dice < 97) return [`authorization: Basic ${Buffer.from("kim:pass").toString("base64")}`];
  if (dice < 98)
    return [`authorization: Bearer ${tokens.good(random)}`, `authorization: Bearer ${tokens.good(random)}`];
  return [`authorization: ${headerText(payload(random))}`];
}

function ordinaryHeaders(random: Random): string[] {
  const headers = [`user-agent: ${browser}`, "accept: text/html,application/json;q=0.9,*/*;q=0.8"];
  if (random.chance(30))
    headers.push(`cookie: sid=abc123; theme=${percentEncoded(random, payload(random)).slice(0, 200)}`);
  if (random.chance(20))
    headers.push(`referer: https://shop.example/search?q=${percentEncoded(random, payload(random))}`);
  if (random.chance(20)) headers.push(`x-search-hint: ${headerText(payload(random))}`);
  if (random.chance(10)) headers.push(`X-Request-Id: ${random.below(1e9)}`, "Accept-Language: en-GB,en;q=0.5");
  return headers;
}

function oddHeaders(random: Random): string[] {
  return random.pick([
    () => ["x-http-method-override: DELETE"],
    () => ["X_Original_URL: /admin"],
    () => ["x-postern-subject: root", "x_postern_scopes: admin"],
    () => ["x-postern-subject: a", "x-postern-subject: b"],
    () => ["content-type: text/plain", "content-type: application/json"],
    () => Array.from({ length: random.pick([80, 105]) }, (_, index) => `x-filler-${index}: a`),
    () => [`x-large: ${"a".repeat(random.pick([8_000, 33_000]))}`],
    () => ["content-encoding: gzip"],
    () => ["content-encoding: identity"],
    () => [`x-forwarded-for: ${headerText(payload(random))}`],
    () => [`range: ${headerText(payload(random))}`, 'if-none-match: "abc"'],
    () => ["cookie: a=1", `cookie: b=${headerText(payload(random))}`],
    () => [`x-bytes: ${headerText(random.bytes(20))}`],
  ])();
}

/** By its length, or in chunks, sometimes with a trailer. */
function frame(random: Random, { contentType, content }: ParityBody): { fields: string[]; content: Buffer } {
  const type = contentType === "" ? [] : [`content-type: ${contentType}`];
  if (random.chance(85)) return { fields: [...type, `content-length: ${content.length}`], content };
  const chunk = (part: Buffer) =>
    part.length === 0 ? [] : [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")];
  const half = random.below(content.length + 1);
  const end = Buffer.from(random.chance(30) ? "0\r\nx-checksum: 1\r\n\r\n" : "0\r\n\r\n");
  const parts = [...chunk(content.subarray(0, half)), ...chunk(content.subarray(half)), end];
  return { fields: [...type, "transfer-encoding: chunked"], content: Buffer.concat(parts) };
}
