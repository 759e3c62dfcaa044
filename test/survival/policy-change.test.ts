import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { benign, type PlayedSidecar, playSidecar } from "./played-sidecar.ts";

/** At least. */
const CHANGES = 20;
const REQUESTS = 300;
const CLIENTS = 12;

/** Two policies that name everything differently: route, identity headers, and what is open to whom. */
const policy = (name: "old" | "new", jwks: string) => `
version: 1
mode: prevent
identity:
  issuers: [{ name: ${name}-issuer, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [ES256], jwks: { inline: ${jwks} } }]
  headers: { subject: x-${name}-subject, issuer: x-${name}-issuer, workload: x-${name}-workload, scopes: x-${name}-scopes }
routes:
  - { name: ${name}-asked, match: { path: /asked }, allow: [{ issuer: ${name}-issuer }], score: { ask: always, deadline: 10s } }
  - { name: ${name}-body, match: { path: /body }, allow: [{ issuer: ${name}-issuer }] }
  - { name: ${name}-only, match: { path: /only-${name} }, allow: [{ issuer: ${name}-issuer }], score: { ask: always, deadline: 10s } }
`;

let upstream: RecordingUpstream;
let issuer: TestIssuer;
let gate: Enforcement;
let sidecar: PlayedSidecar;

before(
  async () => {
    upstream = await startRecordingUpstream();
    issuer = await makeIssuer("https://issuer.shop.example", "shop");
    gate = await startEnforcement({ upstream: upstream.url, policy: policy("old", issuer.jwks) });
    // Slow enough that most requests are under way when the policy changes.
    sidecar = await playSidecar(gate.sidecarSocket, (stream, windows) => {
      setTimeout(() => benign(stream, windows), 25);
    });
  },
  { timeout: 120_000 },
);
after(async () => {
  await gate.stop();
  await sidecar.stop();
  await upstream.stop();
});

test("changes of the policy under load lose no request, and none is judged by two policies", {
  timeout: 120_000,
}, async (context) => {
  const token = await issuer.token("ES256", "");
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const answers: { label: string; path: string; status: number; id: string }[] = [];
  const paths = ["/asked", "/body", "/only-old", "/only-new"];
  let changing = true;
  const client = async (number: number) => {
    for (let i = 0; changing; i++) {
      const path = paths[i % paths.length] as string;
      const label = `${number}-${i}`;
      answers.push({ label, path, ...(await send(agent, path, label, token)) });
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  for (let i = 1; i <= CHANGES || answers.length < REQUESTS; i++)
    await gate.change(policy(i % 2 === 0 ? "old" : "new", issuer.jwks));
  changing = false;
  await Promise.all(clients);
  agent.destroy();
  context.diagnostic(`${answers.length} requests`);
  const policies = new Map(["old", "new"].map((name) => [name, new Set<string>()]));
  const arrived = new Map(upstream.requests.map((one) => [one.headers["x-label"], one]));
  for (const { label, path, status, id } of answers) {
    const record = await sidecar.record(id);
    const only = /only-(\w+)/.exec(path)?.[1];
    const name = (record.route || (only === "old" ? "new-" : "old-")).split("-")[0] as string;
    assert.equal(status, only === undefined || only === name ? 200 : 403, `${path} under ${name}`);
    const seen = arrived.get(label);
    assert.equal(seen !== undefined, status === 200);
    policies.get(name)?.add(sidecar.policyOf(id));
    if (seen === undefined) continue;
    assert.equal(record.issuer, `${name}-issuer`);
    assert.equal(seen.headers[`x-${name}-subject`], "ada");
    assert.equal(seen.headers[name === "old" ? "x-new-subject" : "x-old-subject"], undefined);
  }
  const [old, changed] = [...policies.values()].map((digests) => [...digests]);
  assert.deepEqual([old?.length, changed?.length], [1, 1], "each record names the policy that judged it");
  assert.notDeepEqual(old, changed);
});

function send(agent: Agent, path: string, label: string, token: string): Promise<{ status: number; id: string }> {
  const headers = { "x-label": label, authorization: `Bearer ${token}` };
  return new Promise((done, refuse) => {
    const call = request(
      `${gate.url}${path}`,
      { agent, method: path === "/body" ? "POST" : "GET", headers },
      (response) => {
        response.resume();
        response.on("end", () => {
          done({ status: response.statusCode ?? 0, id: String(response.headers["x-postern-decision"]) });
        });
      },
    );
    call.on("error", refuse);
    call.end(path === "/body" ? "thank you" : undefined);
  });
}
