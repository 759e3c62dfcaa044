import type { CoreRequest } from "../core.ts";
import { type Benign, searchFor, withText } from "./benign.ts";
import { hostOf, lastPath } from "./policy.ts";
import { type RequestName, routeCounts, type Scenario } from "./scenarios.ts";
import type { Tokens } from "./tokens.ts";

/** The bytes of the next request to send; null: there are no more. */
export type NextRequest = () => Buffer | null;

/** Gives each scenario its requests. `unsureText`: what the screen is unsure about and the model clears. */
export class Requests {
  readonly #benign: Benign;
  readonly #tokens: Tokens;
  readonly #unsureText: string;

  constructor(benign: Benign, tokens: Tokens, unsureText: string) {
    this.#benign = benign;
    this.#tokens = tokens;
    this.#unsureText = unsureText;
  }

  /** So many tokens that nobody has seen, if one of the scenarios needs them. */
  async mint(scenarios: readonly Scenario[], count: number): Promise<string[]> {
    return scenarios.some(({ request }) => request === "new-token") ? this.#tokens.mint(count) : [];
  }

  /** `newTokens`: each is sent once where each request needs a new one; there are no more requests than that then. */
  of({ request, expected }: Scenario, newTokens: readonly string[]): NextRequest {
    const host = hostOf(expected?.route ?? "public");
    const plain = this.#plain(request);
    // Encoded before the first is sent: the generator has no work with it while it measures.
    const withTokens = (tokens: readonly string[]) => tokens.map((token) => encode(plain, host, token));
    if (request === "new-token") return once(withTokens(newTokens));
    if (request === "known-token") return inTurn(withTokens(this.#tokens.known));
    return inTurn([encode(plain, host)]);
  }

  /** Each token that comes again, once: caches know it then, however few requests a slow machine sends. Null: none does. */
  introductions({ request, expected }: Scenario): NextRequest | null {
    if (request !== "known-token") return null;
    const [plain, host] = [this.#plain(request), hostOf(expected?.route ?? "public")];
    return once(this.#tokens.known.map((token) => encode(plain, host, token)));
  }

  #plain(name: RequestName): CoreRequest {
    const { get, json, form } = this.#benign;
    switch (name) {
      case "get":
      case "known-token":
      case "new-token":
        return get;
      case "json":
        return json;
      case "form":
        return form;
      case "unsure-get":
        return searchFor(this.#unsureText);
      case "unsure-json":
        return withText(json, this.#unsureText);
      case "unsure-form":
        return withText(form, this.#unsureText);
      case "route-10":
        return { ...get, path: lastPath(routeCounts.few) };
      case "route-10000":
        return { ...get, path: lastPath(routeCounts.many) };
    }
  }
}

/** A request as HTTP/1.1 bytes. */
export function encode({ method, path, headers, body }: CoreRequest, host: string, token?: string): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (token !== undefined) lines.push(`authorization: Bearer ${token}`);
  if (body !== undefined) lines.push(`content-length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body ?? Buffer.alloc(0)]);
}

function once(requests: readonly Buffer[]): NextRequest {
  let next = 0;
  return () => requests[next++] ?? null;
}

function inTurn(requests: readonly Buffer[]): NextRequest {
  let next = 0;
  return () => requests[next++ % requests.length] ?? null;
}
