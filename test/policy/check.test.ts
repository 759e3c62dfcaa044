import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { NOT_IN_THIS_VERSION } from "../../inference-sidecar/src/policy/not-in-this-version.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { PROBLEM_CODES } from "../../inference-sidecar/src/policy/problem-codes.ts";
import { check } from "../../scripts/commands/check.ts";
import { UsageError } from "../../scripts/commands/usage-error.ts";
import { ec, jwk, keySet, makePolicyFolder } from "./policy-folder.ts";
import { REFUSED } from "./refused.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
  await writeFile(join(folder, "ec.json"), keySet(jwk(ec.publicKey)));
});
after(() => remove());

async function write(text: string): Promise<string> {
  const path = join(folder, "policy.yaml");
  await writeFile(path, text);
  return path;
}

async function problemsOf(text: string) {
  const error = await loadPolicy(await write(text)).then(
    () => assert.fail("the policy was taken"),
    (caught) => caught,
  );
  assert.ok(error instanceof PolicyError, String(error));
  return error.problems;
}

/** Runs the command; gives its exit code and what it printed. */
async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => lines.push(line);
  try {
    return { code: await check(args), output: lines.join("\n") };
  } finally {
    Object.assign(console, { log, error });
  }
}

const GOOD = `version: 1
mode: detect
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
log: batched
identity:
  issuers:
    - name: demo
      issuer: https://issuer.demo
      audiences: [orders]
      algorithms: [RS256, ES256, HS256]
      jwks: { file: ./jwks.json }
      secret: { file: ./secret.txt }
  workloads:
    trustDomains: [edge.demo]
    trustBundle: { file: ./server.pem }
routes:
  - name: health
    owner: shop
    match: { methods: [GET], path: /healthz }
    public: true
    score: off
  - name: read-orders
    owner: shop
    match: { hosts: [API.demo, "*.demo"], methods: [GET], path: /orders/{id} }
    allow:
      - { issuer: demo, scopes: [orders:read], claims: { role: clerk, site: [1, true] } }
      - { workloads: [spiffe://edge.demo/ns/shop/sa/web, spiffe://edge.demo/ns/ops/*] }
  - name: comments
    owner: shop
    match: { methods: [POST], path: /comments/** }
    public: true
    mode: prevent
    score: { deadline: 1s, onUnavailable: open, maxBody: 256KiB, onTooLarge: prefix, ask: always }
  - { name: stream, owner: shop, match: { path: /stream }, public: true, score: headers }
`;

describe("a policy that can be used", () => {
  test("has every default filled in and everything read", async () => {
    const { policy, files } = await loadPolicy(await write(GOOD));
    const [issuer] = policy.issuers;
    assert.equal(policy.mode, "detect");
    assert.deepEqual(issuer?.secret, { environmentName: "POSTERN_HS256_DEMO", secret: "s".repeat(32) });
    assert.deepEqual(
      issuer?.keys.map(({ kid, algorithms }) => [kid, ...algorithms]),
      [
        ["r", "RS256"],
        ["e", "ES256"],
      ],
    );
    assert.equal(issuer?.clockSkewMs, 30_000);
    assert.deepEqual(policy.tls, { certificate: join(folder, "server.pem"), key: join(folder, "server.key") });
    assert.equal(policy.headers.subject, "x-postern-subject");
    const [health, orders, comments, stream] = policy.routes;
    assert.equal(health?.mode, "detect");
    assert.deepEqual(orders?.hosts, ["api.demo", "*.demo"]);
    assert.deepEqual(orders?.allow[0]?.claims, [
      { name: "role", values: [{ kind: "string", value: "clerk" }] },
      {
        name: "site",
        values: [
          { kind: "number", value: 1 },
          { kind: "boolean", value: true },
        ],
      },
    ]);
    const defaults = {
      ask: "unsure",
      deadlineMs: 100,
      onUnavailable: "closed",
      maxBodyBytes: 65_536,
      onTooLarge: "deny",
      thresholds: null,
    };
    assert.deepEqual(orders?.score, { inspect: "full", ...defaults });
    assert.deepEqual(stream?.score, { inspect: "headers", ...defaults });
    assert.deepEqual([comments?.mode, comments?.score.inspect], ["prevent", "full"]);
    assert.deepEqual(
      [...files].sort(),
      ["jwks.json", "policy.yaml", "secret.txt", "server.key", "server.pem"].map((name) => join(folder, name)),
    );
  });

  test("is summed up, exit code 0", async () => {
    const path = await write(GOOD);
    const text = await run(path);
    assert.equal(text.code, 0);
    assert.match(text.output, /valid\nmode detect, routes 4, issuers 1\ndigest [0-9a-f]{64}$/);
    const json = JSON.parse((await run(path, "--json")).output);
    assert.deepEqual(
      { ...json, digest: "" },
      { file: path, valid: true, mode: "detect", routes: 4, issuers: 1, digest: "", problems: [], notes: [] },
    );
    assert.ok(text.output.endsWith(json.digest));
  });

  test("is summed up after a note for each grant that has expired, and nothing else", async () => {
    const grant = `{ workloads: [spiffe://edge.demo/ns/shop/sa/web, spiffe://edge.demo/ns/ops/*] }`;
    const old = `{ id: audit, owner: ops, reason: audit, expires: "2020-01-31T18:00:00+01:00", workloads: [spiffe://edge.demo/x] }`;
    const path = await write(GOOD.replace(grant, `${old}\n      - { issuer: demo, expires: "2100-01-31T18:00:00Z" }`));
    const { code, output } = await run(path);
    assert.equal(code, 0);
    const [note, summary] = output.split("\n");
    const said =
      "note: grant audit has expired (2020-01-31T17:00:00.000Z) and decides nothing; owner ops; reason: audit [grant_expired]";
    assert.match(`${note}`, /policy\.yaml:\d+:\d+: note/);
    assert.ok(note?.endsWith(said), note);
    assert.match(`${summary}`, /valid$/);
    const [json] = JSON.parse((await run(path, "--json")).output).notes;
    assert.equal(`note: ${json.message} [${json.code}]`, said);
    const line = (await readFile(path, "utf8")).split("\n")[json.line - 1] ?? "";
    assert.ok(line.slice(json.column - 1).startsWith('"2020-01-31'));
  });

  test("may say when something expires to a fraction of a second, which is left out", async () => {
    const grant = `{ issuer: demo, expires: "2100-01-31T18:00:00.750+00:00" }`;
    const key = `{ name: till, sha256: "${"1".repeat(64)}", expires: "2100-01-31T18:00:00.999999999Z" }`;
    const text = `version: 1
identity:
  issuers: [{ name: demo, issuer: i, audiences: [a], algorithms: [ES256], jwks: { file: ./jwks.json } }]
  apiKeys: { keys: [${key}] }
routes: [{ name: a, match: { path: /a }, allow: [${grant}] }]
`;
    const { policy } = await loadPolicy(await write(text));
    const second = Date.parse("2100-01-31T18:00:00Z") / 1000;
    assert.deepEqual([policy.routes[0]?.allow[0]?.expiresAt, policy.apiKeys.keys[0]?.expiresAt], [second, second]);
  });

  test("may have no routes: then everything is refused", async () => {
    const { policy } = await loadPolicy(await write("version: 1\nroutes: []\n"));
    assert.equal(policy.mode, "prevent");
  });

  test("may use aliases, and says where a value stands that one of them repeats", async () => {
    const text = `version: 1
routes:
  - { name: a, match: { path: /a }, public: true, score: &s { deadline: 1ms } }
  - { name: b, match: { path: /b }, public: true, score: *s }
`;
    const { policy } = await loadPolicy(await write(text));
    assert.deepEqual(policy.routes[1]?.score, policy.routes[0]?.score);
    const problems = await problemsOf(text.replace("1ms", "1h"));
    assert.deepEqual(
      problems.map(({ line, column }) => [line, column]),
      [
        [3, 73],
        [3, 73],
      ],
    );
  });
});

describe("what is refused, and where", () => {
  // What the policies write for a key that is made anew in each run.
  const inline = {
    "[EC]": () => keySet(jwk(ec.publicKey)).slice(8, -1),
    "[HS]": () => keySet(jwk(ec.publicKey)).slice(8, -1),
  };

  for (const [code, what, given] of REFUSED) {
    test(`${code}: ${what}`, async () => {
      let policy = given;
      for (const [mark, keys] of Object.entries(inline)) policy = policy.replace(mark, keys());
      const text = `version: 1\n${policy}${policy.includes("routes:") ? "" : "\nroutes: []"}`;
      const at = text.indexOf("^");
      const before = text.slice(0, at).split("\n");
      const [first, ...more] = await problemsOf(text.replace("^", ""));
      assert.equal(first?.code, code, JSON.stringify([first, ...more], null, 1));
      assert.deepEqual([first.line, first.column], [before.length, (before.at(-1)?.length ?? 0) + 1]);
      assert.ok(first.message.length > 0 && first.expected.length > 0);
      assert.equal(first.file, join(folder, "policy.yaml"));
      for (const other of more) assert.equal(other.code, code);
    });
  }

  test("every code is reached by one of these", () => {
    assert.deepEqual([...new Set(REFUSED.map(([code]) => code))].sort(), Object.keys(PROBLEM_CODES).sort());
  });
});

test("all problems are reported at once, in the order of the file", async () => {
  const problems = await problemsOf(`version: 2
mode: steep
identity:
  issuers:
    - { name: demo, issuer: i, audiences: [a], algorithms: [ES256] }
routes:
  - { name: a, match: { pth: /a }, allow: [{ issuer: demos }] }
  - { name: b, match: { path: b }, public: true, allow: [{ issuer: demo }], score: { deadline: 0ms } }
`);
  assert.deepEqual(
    problems.map(({ line, code }) => [line, code]),
    [
      [1, "wrong_value"],
      [2, "wrong_value"],
      [5, "key_missing"],
      [7, "missing_field"],
      [7, "unknown_field"],
      [7, "unknown_issuer"],
      [8, "path_pattern"],
      [8, "route_access"],
      [8, "out_of_range"],
    ],
  );
});

test("every field and value of a later version is refused by name", async () => {
  for (const { at, values = [{}] } of NOT_IN_THIS_VERSION) {
    const [value] = values;
    // From the inside out: an object around a key, a list around `*`.
    const data = at.reduceRight<unknown>((inner, step) => (step === "*" ? [inner] : { [step]: inner }), value);
    const problems = await problemsOf(JSON.stringify({ version: 1, routes: [], ...(data as object) }));
    const message = problems.find(({ code }) => code === "not_in_this_version")?.message ?? "";
    assert.ok(message.includes(typeof value === "string" ? value : `"${at.at(-1)}"`), at.join());
  }
});

test("an unknown field names the nearest one that is known", async () => {
  const [problem] = await problemsOf("version: 1\nruotes: []\nroutes: []\n");
  assert.match(`${problem?.expected}`, /"routes"/);
  const [merged] = await problemsOf("version: 1\n<<: { mode: detect }\nroutes: []\n");
  assert.match(`${merged?.expected}`, /no merge keys/);
});

test("a grant may have several windows of the week", async () => {
  const windows = '[{ days: [mon], from: "08:00" }, { days: [tue], from: "08:00" }]';
  const keys = `identity: { apiKeys: { keys: [{ name: till, sha256: ${"a1".repeat(32)} }] } }`;
  const route = `{ name: a, match: { path: /a }, allow: [{ apiKeys: [till], times: ${windows} }] }`;
  const { policy } = await loadPolicy(await write(`version: 1\n${keys}\nroutes:\n  - ${route}\n`));
  assert.equal(policy.routes[0]?.allow[0]?.times.length, 2);
});

test("a list in which mappings stand within mappings has its problems told", async () => {
  const windows = "[{ days: { mon: {} }, from: {} }, { days: { tue: {} }, from: {} }]";
  const route = `{ name: a, match: { path: /a }, allow: [{ workloads: [], times: ${windows} }] }`;
  const problems = await problemsOf(`version: 1\nroutes:\n  - ${route}\n`);
  assert.ok(problems.filter(({ code }) => code === "wrong_type").length >= 4, JSON.stringify(problems));
});

describe("the command", () => {
  test("prints each problem on a line of its own, exit code 1", async () => {
    const path = await write("version: 1\nmode: x\nlog: y\nroutes: []\n");
    const { code, output } = await run(path);
    assert.equal(code, 1);
    assert.deepEqual(output.split("\n"), [
      `${path}:2:7: "x" is not possible here (expected observe, detect, prevent, adapt) [wrong_value]`,
      `${path}:3:6: "y" is not possible here (expected batched, required) [wrong_value]`,
    ]);
    const json = JSON.parse((await run("--json", path)).output);
    assert.deepEqual([json.valid, json.problems.length, json.problems[0].line], [false, 2, 2]);
  });

  test("says what is wrong with a file that can't be read", async () => {
    assert.match(
      (await run(join(folder, "none.yaml"))).output,
      /none\.yaml:1:1: .*none\.yaml does not exist \(.*\[file_unreadable\]/,
    );
    await mkdir(join(folder, "folder.yaml"));
    assert.match((await run(join(folder, "folder.yaml"))).output, /\[file_unreadable\]/);
    const large = await write(`#${"x".repeat(1024 * 1024)}\n`);
    assert.match((await run(large)).output, /\[file_too_large\]/);
  });

  test("says that a policy is too large once it is compiled, as a problem like others", async () => {
    const route = (n: number) => `  - { name: r${n}, match: { path: /r${n} }, allow: *a, score: off }`;
    const path = await write(`version: 1
identity: { issuers: [{ name: i, issuer: i, audiences: [a], algorithms: [ES256], jwks: { file: ./ec.json } }] }
routes:
  - { name: r, match: { path: /r }, allow: &a [${Array(32).fill("{ issuer: i }").join(", ")}], score: off }
${Array.from({ length: 4500 }, (_, n) => route(n)).join("\n")}
`);
    const { code, output } = await run("--json", path);
    const { valid, problems } = JSON.parse(output);
    assert.deepEqual([code, valid, problems.length, problems[0].code], [1, false, 1, "file_too_large"]);
    assert.match((await run(path)).output, /policy\.yaml:3:1: the compiled policy has \d+ bytes, at most 8388608 /);
    await assert.rejects(loadPolicy(path), (error) => error instanceof PolicyError && error.problems[0]?.line === 3);
  });

  test("explains its use", async () => {
    for (const args of [[], ["a", "b"], ["--what", "a"]]) {
      await assert.rejects(run(...args), (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, /usage: postern check POLICY/);
        return true;
      });
    }
  });
});
