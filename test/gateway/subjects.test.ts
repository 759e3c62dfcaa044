import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { startTestGateway } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { startRecordingUpstream } from "../harness/upstream.ts";

const policyWith = (subjects: string) => `
version: 1
${subjects}
identity:
  issuers:
    - { name: shop, issuer: https://issuer.shop.example, audiences: [orders], algorithms: [ES256], jwks: { file: ./jwks.json } }
routes:
  - { name: orders, match: { path: /orders }, allow: [{ issuer: shop }], score: off }
`;

test("the log names a subject by its keyed hash, and by its sub only while the policy says so", async (t) => {
  const upstream = await startRecordingUpstream();
  t.after(() => upstream.stop());
  const issuer = await makeIssuer("https://issuer.shop.example", "orders");
  const policy = policyWith("");
  const gateway = await startTestGateway({ upstream: upstream.url, policy, files: { "jwks.json": issuer.jwks } });
  t.after(() => gateway.stop());
  const token = await issuer.token("ES256", "any", { claims: { sub: "ada@shop.example" } });
  const subject = async () => {
    const { headers } = await fetch(`${gateway.url}/orders`, { headers: { authorization: `Bearer ${token}` } });
    return (await gateway.waitForRecord(headers.get("x-postern-decision") ?? "")).subject;
  };
  const isSettled = (wanted: string | undefined) => eventually(subject, ({ sub }) => sub === wanted);
  const change = async (subjects: string) => {
    await writeFile(`${gateway.policyPath}.new`, policyWith(subjects));
    await rename(`${gateway.policyPath}.new`, gateway.policyPath);
  };
  const hashed = await subject();
  assert.match(hashed.id, /^[0-9a-f]{32}$/);
  assert.equal(hashed.sub, undefined);
  await change("subjects: clear");
  const clear = await isSettled("ada@shop.example");
  assert.equal(clear.id, hashed.id, "what goes by the hash still finds it");
  await change("subjects: pseudonymised");
  await isSettled(undefined);
});
