import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isLoopback } from "../loopback.ts";

const SESSION_COOKIE = /^postern_\d{1,5}=(.*)$/;
const PORT = /:\d{1,5}$/;

/**
 * Who may see the dashboard: whoever brings the token once, and then the cookie that was given for it. The cookie follows
 * from the token, so that a page goes on when the sidecar is started anew, and does not tell it: a browser sends cookies to
 * every port of the host.
 */
export class Access {
  readonly #token: string;
  readonly #session: string;

  constructor(token: string) {
    this.#token = token;
    this.#session = createHmac("sha256", token).update("session of the dashboard").digest("base64url");
  }

  tokenIs(presented: string): boolean {
    return equal(presented, this.#token);
  }

  /** The value of Set-Cookie that answers `request`. */
  setCookie(request: IncomingMessage): string {
    return `${cookieName(request)}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  hasSession(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? "").split(";").map((cookie) => SESSION_COOKIE.exec(cookie.trim()));
    return cookies.some((found) => found?.[1] !== undefined && equal(found[1], this.#session));
  }
}

/** One for each port that browsers are told: dashboards of several gateways do not log each other out. */
function cookieName({ headers }: IncomingMessage): string {
  return `postern_${/:(\d{1,5})$/.exec(headers.host ?? "")?.[1] ?? 80}`;
}

/** A name of another site that resolves to this machine (DNS rebinding) is refused. */
export function isLoopbackHost({ headers }: IncomingMessage): boolean {
  return headers.host !== undefined && isLoopback(headers.host.replace(PORT, ""));
}

/** In time that depends on neither content. */
function equal(presented: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}
