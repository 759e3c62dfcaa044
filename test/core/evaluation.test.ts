import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { openCore } from "../../inference-sidecar/src/core/core.ts";
import type { SignAssertion } from "../../inference-sidecar/src/core/instance.ts";
import { valueKinds } from "../../inference-sidecar/src/core/value.ts";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { benignRequests } from "../../scripts/bench/benign.ts";
import { buildCore } from "../../scripts/build/core.ts";
import { type Core, type Gate, loadCore, type ModelScore, type Question } from "../../scripts/core.ts";
import { issueCertificate } from "../../scripts/demo/certificate.ts";
import { secretsOf } from "../../scripts/gateway/policy-force.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";

const agent = ["user-agent", "curl/8.5.0"] as const;
const workload = "spiffe://edge.example/ns/shop/sa/web";
const policyText = (mode: string) => `
version: 1
mode: ${mode}
listener: { tls: { certificate: { file: ./edge.pem }, key: { file: ./edge.key } } }
identity:
  issuers:
    - { name: shop, issuer: "https://issuer.example", audiences: [orders], algorithms: [RS256, ES256, HS256], jwks: { file: ./jwks.json }, secret: { file: ./shared.key } }
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./edge.pem } }
routes:
  - { name: orders, match: { path: "/orders/{id}" }, allow: [{ issuer: shop, scopes: [orders:read] }, { workloads: [${workload}] }], score: off }
  - { name: closed, match: { path: /closed }, public: true, score: { ask: always, maxBody: 1KiB } }
  - { name: open, match: { path: /open }, public: true, score: { ask: always, onUnavailable: open } }
`;

let folder: string;
let core: Core;
let issuer: TestIssuer;
let prevent: Gate;
let observe: Gate;

async function openGate(mode: string): Promise<Gate> {
  const { policy } = await parsePolicy(policyText(mode), join(folder, "policy.yaml"));
  return core.openGate(compilePolicy(policy).blob, secretsOf(policy));
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "core-"));
  issuer = await makeIssuer("https://issuer.example", "orders");
  await writeFile(join(folder, "jwks.json"), issuer.jwks);
  await writeFile(join(folder, "shared.key"), issuer.secret);
  const edge = await issueCertificate({ name: "edge", alternativeNames: [], validDays: 1 }, null);
  await writeFile(join(folder, "edge.pem"), edge.certificatePem);
  await writeFile(join(folder, "edge.key"), edge.keyPem);
  core = await loadCore();
  prevent = await openGate("prevent");
  observe = await openGate("observe");
});
after(() => rm(folder, { recursive: true, force: true }));

const get = (path: string, ...headers: (readonly [string, string])[]) => ({
  method: "GET",
  authority: "shop.example",
  path,
  headers: [agent, ...headers],
  at: Date.now(),
});
const order = (token: string) => get("/orders/7", ["authorization", `Bearer ${token}`]);
const all = (question: Question, millionths: number): ModelScore[] =>
  question.findings.map(() => ({ millionths, attackClass: "sqli" }));

for (const algorithm of ["RS256", "ES256", "HS256"] as const) {
  test(`a token with ${algorithm} is verified, and its subject told`, async () => {
    const { verdict, subject, grant, token, route, question } = prevent.evaluate(
      order(await issuer.token(algorithm, "orders:read profile")),
    );
    assert.deepEqual([verdict.effect, route, grant, token, question], ["permit", "orders", "orders/0", "valid", null]);
    assert.deepEqual(subject, { issuer: "shop", id: "ada", workload: "", scopes: ["orders:read", "profile"] });
  });

  test(`a token with ${algorithm} by a foreign key is 401, and in observe recorded`, async () => {
    const forged = await (await makeIssuer(issuer.issuer, issuer.audience)).token(algorithm, "orders:read");
    assert.deepEqual(prevent.evaluate(order(forged)).verdict, {
      effect: "deny",
      reason: "token_signature",
      status: 401,
      publicReason: "unauthenticated",
      wouldDeny: null,
    });
    const { verdict, subject, rung, holds } = observe.evaluate(order(forged));
    assert.deepEqual([verdict.effect, verdict.wouldDeny, rung, holds], ["permit", "token_signature", "observe", false]);
    assert.equal(subject.issuer, null);
  });
}

test("of a token that was verified nothing is scored, of another one the header", async () => {
  const header = { note: "1' UNION SELECT username, password FROM users --" };
  const isAsked = (token: string) => {
    const { question } = prevent.evaluate(get("/open", ["authorization", `Bearer ${token}`]));
    question?.answer("unavailable");
    return question?.findings.some(({ window }) => Buffer.from(window).includes("UNION")) ?? false;
  };
  assert.equal(isAsked(await issuer.token("ES256", "", { header })), false);
  const foreign = await makeIssuer(issuer.issuer, issuer.audience);
  assert.equal(isAsked(await foreign.token("ES256", "", { header })), true);
});

test("a token is judged at the request's time", async () => {
  const token = await issuer.token("ES256", "orders:read", { expiresIn: 300 });
  assert.equal(prevent.evaluate(order(token)).token, "valid");
  assert.equal(prevent.evaluate({ ...order(token), at: Date.now() + 3_600_000 }).token, "token_expired");
});

test("a workload comes by the peer's certificate only", () => {
  const { verdict, grant, subject } = prevent.evaluate({ ...get("/orders/7"), peer: { uri: workload } });
  assert.deepEqual([verdict.effect, grant, subject.workload], ["permit", "orders/1", workload]);
  assert.equal(prevent.evaluate({ ...get("/orders/7"), peer: {} }).verdict.reason, "token_missing");
});

test("at a time of its own a request is judged as if alone; live, forged tokens draw on one budget", async () => {
  const forged = await (await makeIssuer(issuer.issuer, issuer.audience)).token("HS256", "orders:read");
  const { at: _, ...live } = order(forged);
  const reasons = (request: Parameters<Gate["evaluate"]>[0]) =>
    new Set(Array.from({ length: 5000 }, () => prevent.evaluate(request).verdict.reason));
  assert.deepEqual([...reasons(order(forged))], ["token_signature"]);
  assert.deepEqual([...reasons(live)], ["token_signature", "verification_budget"]);
  assert.deepEqual([...reasons(order(forged))], ["token_signature"]);
});

test("an open question shows the access verdict, what is left of the deadline, and the windows, the worst first", () => {
  const { verdict, score, question } = prevent.evaluate(get("/closed?q=red+shoes&note=it%27s"));
  assert.deepEqual([verdict.effect, score.by], ["permit", "nothing"]);
  assert.ok(question);
  assert.equal(question.deadlineMillis, 100);
  assert.ok(
    question.findings.some(({ window, edges }) => Buffer.from(window).toString() === "red shoes" && edges === 3),
  );
  assert.equal(question.findings[0]?.millionths, score.screenMillionths);
  // Not where each came from: to find that out the whole value is decoded again.
  assert.deepEqual(Object.keys(question.findings[0] ?? {}), ["field", "kind", "window", "edges", "millionths"]);
  question.answer("unavailable");
});

test("the same bytes in fields of two kinds are two windows: what the model says of them may differ", () => {
  const { question } = prevent.evaluate(get("/closed", ["cookie", "a=masscan/1.0"], ["x-tool", "masscan/1.0"]));
  const asked = question?.findings.filter(({ window }) => Buffer.from(window).toString() === "masscan/1.0");
  assert.deepEqual(asked?.map(({ kind }) => valueKinds[kind]).sort(), ["cookie-value", "header"]);
  question?.answer("unavailable");
});

test("windows tell how long their value is, and of one over 256 bytes the screen's score counts half", () => {
  const lengths = fc.constantFrom(1, 2, 64, 65, 256, 257, 1024, 1025, 4096, 4097, 16384, 16385);
  fc.assert(
    fc.property(lengths, (length) => {
      const value = `${"x".repeat(length - 1)}'`;
      const { question } = prevent.evaluate({
        ...get("/open", ["content-type", "text/plain"]),
        method: "POST",
        body: Buffer.from(value),
      });
      assert.ok(question);
      const finding = question.findings.find(({ field }) => field === "body");
      assert.ok(finding);
      assert.equal(finding.edges >> 2, [64, 256, 1024, 4096, 16384].filter((most) => length > most).length);
      const [{ millionths = 0 } = {}] = core.screen([Buffer.from(value)]);
      assert.equal(finding.millionths, length > 256 ? Math.floor(millionths / 2) : millionths);
      question.answer("unavailable");
    }),
  );
});

test("live, the deadline runs: after it no further question is asked", async () => {
  const decoys = Array.from({ length: 40 }, (_, index) => `f${index}=${encodeURIComponent(`| ls ${index}`)}`);
  const { at: _, ...live } = get(`/closed?${decoys.join("&")}`);
  const { question } = prevent.evaluate(live);
  assert.ok(question);
  await setTimeout(question.deadlineMillis + 5);
  const { verdict, question: next } = question.answer(all(question, 0));
  assert.deepEqual([verdict.reason, next], ["score_unavailable", null]);
});

test("the model's scores decide by the bundle's threshold; what the screen clears must be an attack more likely than not", async () => {
  const { modelDeny } = core.thresholds();
  const [unsure = ""] = (await benignRequests()).unsure;
  for (const [value, millionths, reason] of [
    [unsure, modelDeny, "attack_scored"],
    [unsure, modelDeny - 1, "permitted"],
    ["shoes", 500_000, "attack_scored"],
    ["shoes", 499_999, "permitted"],
  ] as const) {
    const { question } = prevent.evaluate(get(`/closed?q=${encodeURIComponent(value)}`));
    assert.ok(question);
    const { verdict, score, question: next } = question.answer(all(question, millionths));
    assert.deepEqual(
      [verdict.reason, score.by, score.millionths, score.attackClass, next],
      [reason, "model", millionths, "sqli", null],
    );
    assert.equal(score.finding?.field, question.findings[0]?.field);
  }
});

test("live, an assertion is signed at once; where it can't be, its route is closed; as if alone, none is signed", async () => {
  const module = await readFile(await buildCore());
  const asking = policyText("prevent")
    .replace("  workloads:", "  assertion: { issuer: gate, audience: shop }\n  workloads:")
    .replace("score: off }", "score: off, assertion: true }");
  const { policy } = await parsePolicy(asking, join(folder, "policy.yaml"));
  const { blob } = compilePolicy(policy);
  const { at, ...live } = order(await issuer.token("ES256", "orders:read"));
  const signers: [sign: SignAssertion | undefined, ...told: (string | undefined)[]][] = [
    [(claims) => Buffer.from(claims).toString("base64url"), "permitted"],
    [() => "x".repeat(8 * 1024), "permitted"],
    [() => "x".repeat(9 * 1024 + 1), "assertion_unavailable"],
    [() => "not: a token", "assertion_unavailable"],
    [() => null, "assertion_unavailable"],
    [undefined, "assertion_unavailable"],
  ];
  for (const [sign, reason] of signers) {
    const gate = (await openCore(module, sign)).openGate(blob, secretsOf(policy));
    assert.equal(gate.evaluate(live).verdict.reason, reason, String(sign));
    const { issued } = gate.enforcement("0".repeat(32), Date.now(), true);
    const assertion = issued.find(([name]) => name === "x-postern-assertion")?.[1].toString();
    if (sign === signers[0]?.[0])
      assert.equal(JSON.parse(Buffer.from(assertion ?? "", "base64url").toString()).sub, "ada");
    else assert.equal(assertion, reason === "permitted" ? "x".repeat(8 * 1024) : undefined);
    assert.equal(gate.evaluate({ ...live, at }).verdict.effect, "permit");
    gate.close();
  }
});

test("the surprisal told is that of the worst finding; without any it is not known", () => {
  const { question } = prevent.evaluate(get("/closed?q=shoes&p=union%20select&r=%3Cscript"));
  assert.ok(question && question.findings.length > 1);
  const [query] = question.findings
    .map(({ field, kind }) => (field.startsWith("query:") ? kind : -1))
    .filter((k) => k >= 0);
  assert.equal(query, 3);
  const scores = question.findings.map((_, index) => ({
    millionths: index === 1 ? 7 : 1,
    attackClass: "xss" as const,
    surprisalMillibits: 3000 + index,
    usualMillibits: 2000,
  }));
  const { score } = question.answer(scores);
  assert.deepEqual([score.surprisal, score.finding?.field], [{ bits: 3.001, usual: 2 }, question.findings[1]?.field]);
  const untold = prevent.evaluate(get("/closed?q=shoes")).question;
  assert.equal(untold?.answer(all(untold, 1)).score.surprisal, null);
});

test("without a model a route denies with 503, or trusts the screen, as it says", () => {
  const unavailable = (path: string) => prevent.evaluate(get(path)).question?.answer("unavailable");
  const closed = unavailable("/closed?q=shoes");
  assert.deepEqual([closed?.verdict.status, closed?.verdict.reason], [503, "score_unavailable"]);
  const open = unavailable("/open?q=shoes");
  assert.deepEqual(
    [open?.verdict.effect, open?.score.by, open?.score.uninspected],
    ["permit", "screen_alone", "score_unavailable"],
  );
});

test("more than one call's windows are asked about in turn, until the calls are used up", () => {
  const decoys = Array.from({ length: 300 }, (_, index) => `f${index}=${encodeURIComponent(`| ls ${index}`)}`);
  let evaluation = prevent.evaluate(get(`/closed?${decoys.join("&")}`));
  const asked: number[] = [];
  while (evaluation.question) {
    asked.push(evaluation.question.findings.length);
    evaluation = evaluation.question.answer(all(evaluation.question, 0));
  }
  assert.deepEqual(asked, [16, 16, 16, 16]);
  assert.equal(evaluation.verdict.reason, "score_unavailable");
});

test("a body over the route's limit is 413", () => {
  const post = (length: number) => ({ ...get("/closed"), method: "POST", body: Buffer.alloc(length, "lorem ipsum ") });
  assert.equal(prevent.evaluate(post(1025)).verdict.status, 413);
  const within = prevent.evaluate(post(1024));
  assert.ok(within.question);
  within.question.answer("unavailable");
});

test("decide asks until the verdict is final; what the model throws comes out, and nothing stays open", async () => {
  const decided = await prevent.decide(get("/closed?q=shoes"), async (question) => all(question, 0));
  assert.deepEqual([decided.verdict.effect, decided.question], ["permit", null]);
  let asked: Question | undefined;
  const failing = prevent.decide(get("/closed?q=shoes"), async (question) => {
    asked = question;
    throw new Error("no model here");
  });
  await assert.rejects(failing, /no model here/);
  assert.throws(() => asked?.answer("unavailable"), /answered before/);
});

test("a wrong answer is refused, and the question stays open", () => {
  const { question } = prevent.evaluate(get("/closed?q=shoes"));
  assert.ok(question);
  assert.throws(() => question.answer([]), RangeError);
  for (const millionths of [-1, 1_000_001, 0.5, Number.NaN])
    assert.throws(() => question.answer(all(question, millionths)), RangeError);
  assert.equal(question.answer(all(question, 0)).verdict.effect, "permit");
  assert.throws(() => question.answer("unavailable"), /answered before/);
});

test("two gates do not know each other's tokens, and a closed one judges nothing", async () => {
  const second = await openGate("prevent");
  const token = await issuer.token("RS256", "orders:read");
  assert.equal(second.evaluate(order(token)).token, "valid");
  const { question } = second.evaluate(get("/closed"));
  second.close();
  assert.throws(() => second.evaluate(order(token)), /closed/);
  assert.equal(question?.answer("unavailable").verdict.status, 503);
  assert.equal(prevent.evaluate(order(token)).token, "valid");
});

test("what is no intact policy is refused with a reason", async () => {
  const { policy } = await parsePolicy(policyText("detect"), join(folder, "policy.yaml"));
  const { blob } = compilePolicy(policy);
  fc.assert(
    fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const changed = Buffer.from(blob);
      changed[index] = (changed[index] ?? 0) ^ change;
      assert.throws(() => core.openGate(changed), /^Error: policy refused: \S/);
    }),
  );
  assert.throws(() => core.openGate(new Uint8Array(0)), /policy refused/);
});

test("any head, body and peer gets an evaluation, the same each time", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  const headers = fc.array(
    fc.tuple(fc.oneof(bytes, fc.constantFrom(":path", ":method", ":authority", "authorization")), bytes),
  );
  fc.assert(
    fc.property(headers, bytes, fc.option(fc.string()), (headers, body, uri) => {
      const request = { headers, body, at: 0, ...(uri === null ? {} : { peer: { uri } }) };
      const evaluate = () => {
        const { question, ...rest } = prevent.evaluate(request);
        return { rest, asked: question?.findings, final: question?.answer("unavailable").verdict };
      };
      assert.deepEqual(evaluate(), evaluate());
    }),
    { numRuns: 2000 },
  );
});
