import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { issuingScene } from "./scene.ts";

const policy = `
version: 1
mode: prevent
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.shop.example", audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
routes:
  - { name: order, match: { path: /orders/* }, allow: [{ issuer: shop, scopes: [orders:read] }], score: off }
  - { name: open, match: { path: /eased/** }, public: true, score: { ask: always, deadline: 150ms, onUnavailable: open } }
  - { name: closed, match: { path: /closed/** }, public: true, score: { ask: always, deadline: 150ms, onUnavailable: closed } }
  - { name: watched, match: { path: /watched/** }, public: true, mode: detect, score: { ask: always } }
`.replace("/orders/*", "/orders/**");
const attack = encodeURIComponent("1' UNION SELECT username, password FROM users WHERE '1'='1' --");

const scene = issuingScene({ policy });

async function get(path: string, token = ""): Promise<[status: number, id: string]> {
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${scene.gateway.url}${path}`, { headers });
  await response.arrayBuffer();
  return [response.status, response.headers.get("x-postern-decision") ?? ""];
}

async function scoredByModel(): Promise<string> {
  const [, id] = await eventually(
    () => get("/closed/a?q=hello"),
    ([status]) => status === 200,
  );
  return id;
}

for (const [how, signal] of [
  ["killed", "SIGKILL"],
  ["stopped, its socket still open", "SIGSTOP"],
] as const) {
  test(`while the sidecar is ${how}, only the score is lost, and it comes back by itself`, {
    timeout: 90_000,
  }, async () => {
    assert.equal((await scene.gateway.waitForRecord(await scoredByModel())).score.by, "model");
    const pid = await scene.gateway.sidecarPid();
    process.kill(pid, signal);
    const seen = scene.upstream.requests.length;
    const [openBenign, openBenignId] = await get("/eased/a?q=hello");
    const [openAttack, openAttackId] = await get(`/eased/a?q=${attack}`);
    const [closed, closedId] = await get("/closed/a?q=hello");
    const [watched, watchedId] = await get(`/watched/a?q=${attack}`);
    const [missing] = await get("/orders/7");
    const [allowed] = await get("/orders/7", await scene.issuer.token("ES256", "orders:read"));
    const [forbidden] = await get("/orders/7", await scene.issuer.token("ES256", "profile"));
    assert.deepEqual(
      [openBenign, openAttack, closed, watched, missing, allowed, forbidden],
      [200, 403, 503, 200, 401, 200, 403],
    );
    assert.equal(scene.upstream.requests.length - seen, 3, "only what was permitted reached the upstream");
    if (signal === "SIGSTOP") process.kill(pid, "SIGCONT");

    // The records of that time wait in the filter and arrive when the sidecar is back.
    const records = await Promise.all([openBenignId, openAttackId, closedId].map(scene.gateway.waitForRecord));
    assert.deepEqual(
      records.map(({ score, reason }) => [score.by, reason]),
      [
        ["screen_alone", "permitted"],
        ["screen_alone", "attack_screened"],
        ["uninspected", "score_unavailable"],
      ],
    );
    // Nothing waits for the score in detect: a sidecar that goes on in time may still give it.
    const { wouldDeny } = await scene.gateway.waitForRecord(watchedId);
    assert.ok(
      wouldDeny === "score_unavailable" || (signal === "SIGSTOP" && wouldDeny === "attack_scored"),
      `${wouldDeny}`,
    );
    assert.equal((await scene.gateway.waitForRecord(await scoredByModel())).score.by, "model");
  });
}
