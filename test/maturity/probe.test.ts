import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { ask } from "../../inference-sidecar/src/self-test/answer.ts";
import { probesOf } from "../../inference-sidecar/src/self-test/probe.ts";
import { SelfTest } from "../../inference-sidecar/src/self-test/self-test.ts";
import { loadCore } from "../../scripts/core.ts";

test("the good request of a self-test is cleared by the screen: it asks no model, and no budget of a route denies it", async () => {
  const core = await loadCore();
  const { clearBelow } = core.thresholds();
  for (const path of ["/search", "/comments/**", "/orders/{id}"]) {
    const probe = probesOf({ hosts: [], methods: METHODS, path }, []).find(({ kind }) => kind === "benign");
    const [values = []] = core.values([
      { method: "GET", authority: "shop.example", headers: [], path: probe?.path ?? "" },
    ]);
    const forms = values.flatMap((value) => value.forms);
    assert.ok(forms.length > 1);
    for (const [index, { millionths }] of core.screen(forms.map(({ bytes }) => bytes)).entries()) {
      assert.ok(millionths < clearBelow, `${Buffer.from(forms[index]?.bytes ?? []).toString()}: ${millionths}`);
    }
  }
});

test("the probes of a route are requests that no route before it takes", async () => {
  const { policy } = await parsePolicy(
    `
version: 1
routes:
  - { name: read, match: { methods: [GET], path: /posts/** }, public: true }
  - { name: write, match: { path: /posts/** }, public: true }
  - { name: order, match: { path: "/orders/{id}" }, public: true }
  - { name: line, match: { path: "/orders/{id}/{line}" }, public: true }
  - { name: orders, match: { path: /orders/** }, public: true }
  - { name: seven, match: { path: /items/7 }, public: true }
  - { name: items, match: { path: "/items/{id}" }, public: true }
  - { name: here, match: { hosts: [a.example], path: /h }, public: true }
  - { name: both, match: { hosts: [a.example, b.example], path: /h }, public: true }
  - { name: below, match: { hosts: ["*.example"], path: /h }, public: true }
  - { name: any, match: { path: /h }, public: true }
  - { name: rest, match: { path: /** }, public: true }
`,
    "policy.yaml",
  );
  const gate = (await loadCore()).openGate(compilePolicy(policy).blob);
  for (const [index, route] of policy.routes.entries()) {
    for (const { kind, headers, ...probe } of probesOf(route, policy.routes.slice(0, index))) {
      const request = { ...probe, path: Buffer.from(probe.path), headers: Object.entries(headers), at: Date.now() };
      const { route: taken } = await gate.decide(request as never, async () => "unavailable");
      if (kind !== "unclean") assert.equal(taken, route.name, `${probe.method} ${probe.authority}${probe.path}`);
    }
  }
  gate.close();
});

test("a probe has an end, whatever becomes of it: a tunnel, a connection that breaks, silence within a response", {
  timeout: 20_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "probe-"));
  const socketPath = join(folder, "self-test.sock");
  const server = createServer((request, response) => {
    response.writeHead(200, { "x-postern-decision": "1", "content-length": 9 }).flushHeaders();
    if (request.url !== "/silent") request.socket.destroy();
    else setTimeout(() => request.socket.destroy(), 100);
  });
  server.on("connect", (_, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
  await new Promise<void>((done) => server.listen(socketPath, done));
  try {
    for (const [method, path] of [
      ["CONNECT", "/"],
      ["GET", "/"],
      ["GET", "/silent"],
    ] as const) {
      const probe = { kind: "benign", method, authority: "shop.example", path, headers: {} } as const;
      await assert.rejects(() => ask(socketPath, Buffer.alloc(32), probe, new AbortController().signal), method);
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a self-test that waits for a proxy which hangs keeps nobody from ending", async () => {
  const folder = await mkdtemp(join(tmpdir(), "probe-"));
  const socketPath = join(folder, "self-test.sock");
  const server = createServer();
  const asked = once(server, "request");
  await new Promise<void>((done) => server.listen(socketPath, done));
  const text = "version: 1\nroutes: [{ name: any, match: { path: /** }, public: true }]\n";
  const { policy } = await parsePolicy(text, "policy.yaml");
  const outcomes: unknown[] = [];
  const selfTest = new SelfTest({
    socketPath,
    roundMs: 1_000,
    policy: () => ({ digest: "", policy }),
    standingOf: () => null,
    isKeyKnown: () => true,
    onOutcome: (outcome) => outcomes.push(outcome),
    record: async () => undefined,
  });
  try {
    selfTest.start();
    await asked;
    const began = performance.now();
    await selfTest.stop();
    assert.ok(performance.now() - began < 2_000);
    assert.deepEqual(outcomes, []);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
