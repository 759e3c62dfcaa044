import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { type Gate, loadCore } from "../../scripts/core.ts";

const POLICY = `
version: 1
mode: prevent
routes:
  - { name: everything, match: { path: /** }, public: true, score: {} }
`;

let gate: Gate;

before(async () => {
  const { policy } = await parsePolicy(POLICY, "policy.yaml");
  gate = (await loadCore()).openGate(compilePolicy(policy).blob, {});
});

function statusOf(headers: readonly (readonly [string, string])[], body: string): number {
  const request = {
    method: "POST",
    authority: "shop.example",
    path: "/",
    headers,
    body: Buffer.from(body, "latin1"),
    at: Date.now(),
  };
  const { verdict, question } = gate.evaluate(request);
  question?.answer("unavailable");
  return verdict.effect === "permit" || verdict.reason === "body_encoding" ? verdict.status : -1;
}

const typed = (type: string, body: string) => statusOf([["content-type", type]], body);

test("parts whose boundary can't be told are no body that was inspected", () => {
  const body = (boundary: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\0\r\n--${boundary}--\r\n`;
  for (const boundary of ["a&b", "a; boundary=c", "a; boundary=a", '"a', "", '"a b "', "a b"]) {
    assert.equal(typed(`multipart/form-data; boundary=${boundary}`, body("a")), 415, boundary);
  }
  assert.equal(typed("multipart/form-data", body("a")), 415);
  for (const boundary of ['"a b"', "a", '"a"']) {
    assert.equal(typed(`multipart/form-data; boundary=${boundary}`, body(boundary.replaceAll('"', ""))), 200, boundary);
  }
  const inner = (type: string) => `--a\r\nContent-Type: ${type}\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--a--\r\n`;
  assert.equal(typed("multipart/mixed; boundary=a", inner("multipart/mixed; boundary=b&c")), 415);
  assert.equal(typed("multipart/mixed; boundary=a", inner("multipart/mixed; boundary=b")), 200);
});
