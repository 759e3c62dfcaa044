import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { EvidenceReader } from "../../inference-sidecar/src/evidence/evidence-reader.ts";
import { decodeKept } from "../../inference-sidecar/src/evidence/kept-evidence.ts";
import { eventually } from "../harness/eventually.ts";
import { runPostern } from "../harness/gateway.ts";
import { gatewayScene } from "./scene.ts";

const score = "score: { deadline: 10s, maxBody: 16KiB }";
const policy = `
version: 1
mode: prevent
routes:
  - { name: comments, match: { path: /comments }, public: true, ${score} }
  - { name: watched, match: { path: /watched }, public: true, mode: detect, ${score} }
  - { name: silent, match: { path: /silent }, public: true, evidence: none, ${score} }
  - { name: asked, match: { path: /asked }, public: true, score: { deadline: 10s, ask: always } }
  - { name: kept, match: { path: /kept }, public: true, evidence: values, ${score} }
`;
const attack = "1' UNION SELECT username, password FROM users WHERE '1'='1' --";
const prose = `Dear Kim, thank you for the long letter about the garden. ${attack}`;

const scene = gatewayScene({ policy });

async function send(path: string, note: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${scene.gateway.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ note }),
  });
  const id = response.headers.get("x-postern-decision") ?? "";
  return { id, status: response.status, record: await scene.gateway.waitForRecord(id) };
}

async function postern(...args: string[]): Promise<string> {
  const { output, ended } = runPostern([...args, "--state", scene.gateway.state]);
  assert.equal(await ended, 0, output());
  return output();
}

/** Once the idle time has come. */
const explained = async (id: string) =>
  JSON.parse(
    await eventually(
      () => postern("explain", id, "--json"),
      (text) => JSON.parse(text).evidenceKept?.explanation !== null,
    ),
  );

test("a denial by the score is explained: the bytes that carried it, their class, and the score without them", async () => {
  const { id, status, record } = await send("/comments", prose);
  assert.equal(status, 403);
  assert.match(record.evidence ?? "", /^[0-9a-f]{64}$/);
  const { explanation, value } = (await explained(id)).evidenceKept;
  assert.equal(explanation.class, "sqli");
  assert.ok(explanation.spans.length >= 1 && explanation.without < explanation.score, JSON.stringify(explanation));
  assert.match(value, /⟦.*⟧/);
  assert.ok(prose.includes(value.replaceAll(/[⟦⟧]/g, "")), value);
  const [span] = explanation.spans;
  const [from, to] = /bytes (\d+) to (\d+) as sent/.exec(explanation.sent[0])?.slice(1).map(Number) ?? [];
  const body = JSON.stringify({ note: prose });
  assert.equal(body.slice(from, to), value.replaceAll(/[⟦⟧]/g, "").slice(span.start, span.end));
  const words = await postern("explain", id);
  assert.match(words, /class sqli: \d\.\d+ by the model, \d\.\d+ with spaces in the place of what is marked/);
});

test("what is explained is the score that denied, also where it depends on the field's kind", async () => {
  const { id, record } = await send("/comments", "masscan/1.0");
  assert.equal(record.score.by, "model");
  const { explanation } = (await explained(id)).evidenceKept;
  assert.deepEqual([explanation.class, explanation.score / 1e6], [record.score.class, record.score.value]);
});

test("how surprising the worst value is stands in the record beside what is usual, and explain says it", async () => {
  const { id, record } = await send("/asked", "thank you for the long letter about the garden");
  const { bits, usual } = record.score.surprisal ?? { bits: 0, usual: 0 };
  assert.ok(bits > 0 && usual > 0, JSON.stringify(record.score));
  const said = `${bits.toFixed(1)} bits a byte by the language model of benign values; ${usual.toFixed(1)} are usual`;
  assert.ok((await postern("explain", id)).includes(said), said);
});

test("a would-be denial is explained as well; control bytes never reach the terminal; `none` keeps nothing", async () => {
  const { id, status } = await send("/watched", `\u001b[2J\u202e${attack}`);
  assert.equal(status, 200);
  const words = await eventually(
    () => postern("explain", id),
    (text) => text.includes("class sqli"),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that they are absent is what is tested
  assert.doesNotMatch(words, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  const silent = await send("/silent", attack);
  assert.deepEqual([silent.status, silent.record.evidence], [403, null]);
});

test("`values` keeps every request without its credentials, and neither log nor file has a byte of it in the clear", async () => {
  const secrets = { authorization: "Bearer zebra-token", cookie: "sid=zebra-cookie", "x-api-key": "zebra-key" };
  const { status, record } = await send("/kept", "giraffes are tall", { ...secrets, "x-trace": "t-1" });
  assert.equal(status, 200);
  const reader = await EvidenceReader.open(scene.gateway.state);
  const bytes = await reader.get(record.evidence ?? "");
  const kept = bytes && decodeKept(bytes)?.request;
  assert.ok(kept);
  const headers = Object.fromEntries(kept.headers);
  assert.deepEqual(
    [kept.method, kept.path, headers["x-trace"], Buffer.from(kept.body, "base64").toString(), kept.isCut, kept.token],
    ["POST", "/kept", "t-1", '{"note":"giraffes are tall"}', false, null],
  );
  assert.doesNotMatch(String(bytes), /zebra/);
  assert.match(kept.source, /^127\.0\.0\.1:\d+$/);
  const replayed = runPostern(["replay", "--state", scene.gateway.state, "--json"]);
  await replayed.ended;
  assert.ok(JSON.parse(replayed.output().slice(replayed.output().indexOf("{"))).byRequest >= 1, replayed.output());
  for (const folder of ["log", "evidence"]) {
    for (const name of await readdir(join(scene.gateway.state, folder))) {
      assert.doesNotMatch(
        await readFile(join(scene.gateway.state, folder, name), "latin1"),
        /giraffes|UNION SELECT|zebra/,
      );
    }
  }
});

test("samples of what the screen cleared are scored in idle time, and disagreement is counted", async () => {
  await Promise.all(Array.from({ length: 130 }, (_, index) => fetch(`${scene.gateway.url}/comments?page=${index}`)));
  const { origin, searchParams } = new URL(scene.gateway.dashboardUrl);
  const metrics = await eventually(
    async () => (await fetch(new URL(`/metrics?token=${searchParams.get("token")}`, origin))).text(),
    (text) => /sampled_scores_total [1-9]/.test(text),
  );
  assert.match(metrics, /postern_sidecar_sampled_disagreements_total 0/);
});

test("evidence may be deleted: the log still verifies, and the explanation says that the bytes are gone", async () => {
  const { id } = await send("/comments", attack);
  await rm(join(scene.gateway.state, "evidence"), { recursive: true });
  assert.match(await postern("explain", id), /bytes gone: .*damaged.*evidence\.key/);
  const { output, ended } = runPostern(["log", "verify", scene.gateway.state]);
  assert.equal(await ended, 0, output());
  const next = await send("/comments", attack);
  assert.equal((await explained(next.id)).evidenceKept.gone, false);
});
