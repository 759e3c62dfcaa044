import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { runPostern, startTestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { startRecordingUpstream } from "../harness/upstream.ts";

/** What a client sent, and what becomes of the like under the first policy, once it enforces. */
const CASES = `
version: 1
cases:
  - { name: an order that was never seen, request: { path: /orders/90017, token: { issuer: fill-in } }, expect: { effect: permit, route: get-orders-id, grant: get-orders-id/0 } }
  - { name: without its token, request: { path: /orders/90017 }, expect: { status: 401, reason: token_missing } }
  - { name: what anyone asked for, request: { path: /catalogue }, expect: { effect: permit, route: get-catalogue } }
  - { name: what was sent, request: { method: POST, path: /orders, json: { item: 7 }, token: { issuer: fill-in } }, expect: { effect: permit, route: post-orders } }
  - { name: what nobody sent, request: { method: DELETE, path: /orders/90017, token: { issuer: fill-in } }, expect: { status: 403, reason: method_not_allowed } }
  - { name: what became a stream, request: { path: /live, headers: { connection: upgrade, upgrade: websocket } }, expect: { effect: permit, route: get-live } }
  - { name: what no route takes, request: { path: /etc/passwd }, expect: { status: 403, reason: route_not_found } }
  - { name: what the upstream does not have, request: { path: /admin }, expect: { status: 403, reason: route_not_found } }
`;

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { output, ended } = runPostern(args);
  return { code: await ended, output: output() };
}

/** Sends a head as it stands and hangs up once it is answered. Gives the decision's id. */
function sendHead(url: string, path: string, headers: OutgoingHttpHeaders): Promise<string> {
  return new Promise((done, refuse) => {
    const sent = request(url, { path, headers, agent: false }).once("error", refuse).end();
    const answered = ({ headers: told, socket }: IncomingMessage) => {
      socket.destroy();
      done(String(told["x-postern-decision"]));
    };
    sent.once("response", answered).once("upgrade", answered);
  });
}

test("what a gateway without a policy has seen becomes one that check takes and that tests pass", {
  timeout: 240_000,
}, async () => {
  const upstream = await startRecordingUpstream((request, response) => {
    if (request.headers.upgrade) response.writeHead(101, { connection: "upgrade", upgrade: "websocket" }).end();
    else response.writeHead(request.url === "/admin" ? 404 : 200).end("ok");
  });
  const gateway = await startTestGateway({ upstream: upstream.url });
  try {
    const issuer = await makeIssuer("https://issuer.shop.example", "orders");
    const authorization = `Bearer ${await issuer.token("RS256", "orders:read")}`;
    const json = { "content-type": "application/json" };
    const sent: [path: string, init: RequestInit][] = [
      ...["1", "22", "4711", "90001"].map((id): [string, RequestInit] => [
        `/orders/${id}`,
        { headers: { authorization } },
      ]),
      ["/orders", { method: "POST", body: '{"item":7}', headers: { authorization, ...json } }],
      ["/catalogue?page=2", {}],
      ["/catalogue", {}],
      ["/admin", {}],
    ];
    for (const [path, init] of sent) {
      const response = await fetch(`${gateway.url}${path}`, init);
      await response.arrayBuffer();
      await gateway.waitForRecord(response.headers.get("x-postern-decision") ?? "");
    }
    for (const [path, headers] of [
      ["/live", { connection: "upgrade", upgrade: "websocket" }],
      ["/../etc/passwd", {}],
      ["/a%00b", {}],
    ] as const) {
      const decision = await sendHead(gateway.url, path, headers);
      await gateway.waitForRecord(decision);
    }
    const policy = join(gateway.state, "first.yaml");
    const cases = join(gateway.state, "cases.yaml");
    const written = await run("init", "--state", gateway.state, "--out", policy);
    assert.deepEqual([written.code, /4 routes, 1 issuers/.test(written.output)], [0, true], written.output);
    const checked = await run("check", policy);
    assert.equal(checked.code, 0, checked.output);
    // As the head of the file says: read it, then go up.
    const text = await readFile(policy, "utf8");
    assert.match(text, /4 requests, 4 of them with a token: FILL IN the scopes/);
    assert.match(text, /2 requests, 0 of them with a token: may really anyone\?/);
    await writeFile(policy, text.replace("mode: observe", "mode: prevent"));
    await writeFile(cases, CASES);
    const tested = await run("test", policy, cases);
    assert.equal(tested.code, 0, tested.output);
    assert.match(tested.output, /8 passed, 0 failed/);
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
});
