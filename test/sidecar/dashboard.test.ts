import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { explain } from "../../inference-sidecar/src/dashboard/explain.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { policyForSidecar } from "../../inference-sidecar/src/policy-source.ts";
import { digest, type RunningSidecar, startSidecar, temporaryFolder, token, wireRecord } from "./harness.ts";

const CHROMIUM = "/usr/bin/chromium";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

const climbing = `version: 1
routes: [{ name: search, match: { path: /search }, public: true, ladder: { floor: observe, ceiling: adapt, days: 7 } }]
`;

let state: string;
let sidecar: RunningSidecar;
let port: number;
let cookie: string;

before(async () => {
  state = await temporaryFolder();
  await mkdir(join(state, "run"), { mode: 0o700 });
  const { policy } = await parsePolicy(climbing, "policy.yaml");
  await writeFile(join(state, "run", "policy.json"), policyForSidecar(policy, "d0".repeat(32)));
  sidecar = await startSidecar({ state });
  port = Number(new URL(String((await sidecar.event("listening")).dashboard)).port);
  cookie = String((await get(`/?token=${token}`)).headers["set-cookie"]).split(";")[0] as string;
});
after(async () => {
  await sidecar.stop();
  await rm(state, { recursive: true, force: true });
});

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

let sequence = 0;
const worker = randomBytes(16);
function report(changes: object) {
  sequence += 1;
  const decisionId = randomBytes(16);
  const record = {
    sequence,
    decisionId,
    timeUnixMs: Date.now(),
    method: "GET",
    route: "search",
    rung: "PREVENT",
    ...changes,
  };
  return sidecar.client.report({
    worker,
    policyDigest: Buffer.alloc(32),
    bundleDigest: digest,
    lost: 0,
    records: [wireRecord(record)],
  });
}

test("without the cookie every path is 401, whatever it is", async () => {
  for (const path of [
    "/",
    "/events",
    "/page.mjs",
    "/page.css",
    "/nothing",
    "/?token=",
    `/?token=${token}x`,
    `/events?token=${token}`,
  ]) {
    const { status, body } = await get(path);
    assert.equal(status, 401, path);
    assert.doesNotMatch(body, /<|decision/i, path);
  }
  assert.equal((await get("/", { cookie: `${cookie}x` })).status, 401);
});

test("the token is exchanged for a cookie that scripts and other sites can't use, and leaves the address", async () => {
  const { status, headers } = await get(`/?token=${token}`);
  assert.equal(status, 303);
  assert.equal(headers.location, "/");
  const set = String(headers["set-cookie"]);
  assert.match(set, /; HttpOnly; SameSite=Strict; Path=\/$/);
  assert.equal(set.includes(token), false, "the cookie is no copy of the token");
  assert.equal((await get("/", { cookie })).status, 200);
});

test("a Host that is not loopback is refused, also with the cookie", async () => {
  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "[::2]",
    "127.0.0.1@evil.example",
  ]) {
    assert.equal((await get("/", { cookie, host })).status, 421, host);
    assert.equal((await get("/metrics", { host })).status, 421, host);
  }
  for (const host of [`localhost:${port}`, "localhost", "127.0.0.1:1", "[::1]:9191"]) {
    assert.equal((await get("/", { cookie, host })).status, 200, host);
  }
});

test("every answer carries the security headers; the page has no inline script, style or handler", async () => {
  for (const path of ["/", "/page.mjs", "/page.css", "/nothing", "/metrics"]) {
    const { headers } = await get(path, { cookie });
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["cross-origin-resource-policy"], "same-origin");
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
  const { body } = await get("/", { cookie });
  assert.doesNotMatch(body, /<script(?![^>]* src=)|<style|\son[a-z]+=|javascript:/i);
});

test("only GET, and unknown paths are 404", async () => {
  assert.equal((await get("/", { cookie }, "POST")).status, 405);
  assert.equal((await get("/../../etc/passwd", { cookie })).status, 404);
});

test("decisions arrive as server-sent events with counts and the reasons in words", async () => {
  await report({ effect: "DENY", reason: "grant_missing", token: "valid", issuer: "demo", responseStatus: 403 });
  const update = await new Promise<{
    counts: { total: number };
    decisions: { record: { reason: string }; why: string[] }[];
  }>((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path: "/events", headers: { cookie }, agent: false },
      (response) => {
        let text = "";
        response.on("data", (part) => {
          text += part;
          if (!text.includes("\n\n")) return;
          sent.destroy();
          resolve(JSON.parse(text.slice("data: ".length, text.indexOf("\n\n"))));
        });
      },
    );
    sent.on("error", reject);
    sent.end();
  });
  const last = update.decisions.at(-1);
  assert.equal(last?.record.reason, "grant_missing");
  assert.match(last?.why.join(" ") ?? "", /Denied: grant_missing.*Token: valid \(issuer demo.*Response: 403/);
  assert.equal(update.counts.total, sequence);
});

test("the words tell whose API key came, who ended a stream, and no score where none could be made", () => {
  const record: Pick<
    LogRecord,
    "effect" | "reason" | "wouldDeny" | "rung" | "route" | "subject" | "score" | "response"
  > = {
    ...{ effect: "permit", reason: "permitted", wouldDeny: null, rung: "prevent", route: "feed" },
    subject: {
      apiKey: "till-7",
      expiredGrant: null,
      grant: "tills",
      id: "",
      issuer: "",
      token: "absent",
      workload: "",
    },
    score: { by: "uninspected", class: "", finding: null, surprisal: null, uninspected: "body_encoding", value: 0 },
    response: { status: 200, bytes: 7, ended: "token_expired" },
  };
  const words = (changes: Partial<LogRecord>) => explain({ ...record, ...changes } as LogRecord).join(" ");
  assert.match(
    words({}),
    /Token: absent\. API key: till-7\. Score: the request could not be inspected\. Not inspected/,
  );
  assert.match(words({}), /Response: 200, 7 bytes; then the gate ended the stream: token_expired\.$/);
  assert.match(words({ response: null }), /Response: none is known, the stream has not ended or ext_authz decided\.$/);
});

test("dashboards at the same time are bounded", async () => {
  const open: ReturnType<typeof request>[] = [];
  const statuses: number[] = [];
  for (let index = 0; index < 9; index += 1) {
    statuses.push(
      await new Promise((resolve, reject) => {
        const sent = request(
          { host: "127.0.0.1", port, path: "/events", headers: { cookie }, agent: false },
          (response) => {
            response.resume();
            response.on("error", () => undefined);
            resolve(response.statusCode ?? 0);
          },
        );
        sent.on("error", reject);
        sent.end();
        open.push(sent);
      }),
    );
  }
  for (const sent of open) sent.destroy();
  assert.deepEqual(statuses, [...Array(8).fill(200), 503]);
});

test("in a browser, what came from a request is shown as text and never runs", async (t) => {
  if (!existsSync(CHROMIUM)) return t.skip("no Chromium on this machine");
  const hostile = 'query:<img src=x onerror="document.title=1">';
  await report({
    effect: "DENY",
    reason: "attack_scored",
    route: "<script>document.title=2</script>",
    method: "<b>",
    scoredBy: "MODEL",
    scoreMillionths: 990_000,
    attackClass: "XSS",
    finding: { field: hostile, start: 0, end: 9, decodings: ["<i>percent</i>"] },
    responseStatus: 403,
  });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/?token=${token}`);
  assert.equal(new URL(page.url()).search, "", "the token is not in the address");
  const entry = page.locator("#decisions > li").first();
  await entry.locator(".finding").waitFor();
  assert.equal(await entry.locator(".finding").textContent(), hostile);
  assert.match((await entry.locator(".request").textContent()) ?? "", /<script>document\.title=2<\/script>/);
  await entry.locator("summary").click();
  assert.match((await entry.locator(".id").textContent()) ?? "", /^Decision [0-9a-f]{32} of \d{4}-\d\d-\d\dT.*Z$/);
  assert.match(
    (await entry.locator(".why").textContent()) ?? "",
    /Worst value: query:<img .*after decoding <i>percent<\/i>/,
  );
  assert.equal(await page.locator("img, #decisions script, #decisions b, #decisions i").count(), 0);
  assert.equal(await page.title(), "Postern: decisions");
  await report({ effect: "PERMIT", reason: "permitted", responseStatus: 200 });
  await page.locator("#decisions > li.permit").first().waitFor();
  assert.match((await page.locator("#effects").textContent()) ?? "", /permit\s*1/);
  const row = page.locator("#routes tr", { hasText: "adapt: 0 of" });
  await row.waitFor();
  assert.match((await row.textContent()) ?? "", /^searchprevent.*\(needed: below 0\.100 %\), 1 of 7 daysnone$/);
  await page.locator("#only-denied").check();
  assert.equal(await page.locator("#decisions > li.permit").first().isVisible(), false);
  const ignored = /favicon/;
  assert.deepEqual(
    problems.filter((problem) => !ignored.test(problem)),
    [],
  );
});
