import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { main } from "../../scripts/cli.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { makePolicyFolder } from "./policy-folder.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
});
after(() => remove());

/** Runs `postern test` on the two texts; gives its exit code and what it printed. */
async function run(policy: string, cases: string, ...flags: string[]): Promise<{ code: number; output: string }> {
  const paths = [join(folder, "policy.yaml"), join(folder, "cases.yaml")] as const;
  await writeFile(paths[0], policy);
  await writeFile(paths[1], cases);
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    const code = await main(["test", ...paths, ...flags]);
    return { code, output: lines.join("\n").replaceAll(`${folder}/`, "") };
  } finally {
    console.log = log;
  }
}

const yamlOf = async (file: string) => /```yaml\n([^`]*)```/.exec(await readFile(file, "utf8"))?.[1] ?? "";

const policy = `version: 1
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - { name: demo, issuer: "https://issuer.demo", audiences: [orders], algorithms: [HS256], secret: { file: ./secret.txt } }
  workloads: { trustDomains: [edge.demo], trustBundle: { file: ./server.pem } }
routes:
  - name: orders
    match: { path: "/orders/{id}" }
    allow:
      - { id: clerks, issuer: demo, claims: { level: { atLeast: 3 } }, networks: [10.0.0.0/8, "2001:db8::/32"] }
    deny: [{ id: night, times: [{ from: "22:00", to: "06:00" }] }]
    score: off
  - { name: bound, match: { path: /bound }, allow: [{ id: any, issuer: demo }], senderConstrained: mtls, score: off }
  - { name: desk, match: { path: /desk }, public: true, score: { ask: always } }
`;
const header = "version: 1\ndefaults: { at: 2027-01-04T12:00:00Z }\ncases:\n";
const clerk = "path: /orders/7, token: { issuer: demo, claims: { level: 3 } }";

test("the documented example holds for the documented policy", async () => {
  const example = (await yamlOf("docs/policy.md")).replace("ca.pem", "server.pem");
  const { code, output } = await run(example, await yamlOf("docs/policy-tests.md"));
  assert.equal(code, 0, output);
  assert.match(output, /permit by grant read-orders\/1/);
  const observing = example.replace("- name: read-orders", "$&\n    mode: observe");
  const told = (await run(observing, await yamlOf("docs/policy-tests.md"))).output;
  const docs = await readFile("docs/policy-tests.md", "utf8");
  assert.equal(told.trimEnd(), /```console\n\$ .*\n([\s\S]*?)\n```/.exec(docs)?.[1]);
});

test("networks, times, claims, bound tokens and the model's absence decide as in the gateway", async () => {
  const { code, output } = await run(
    policy,
    `${header}
  - { name: inside, request: { ${clerk}, from: 10.1.2.3 }, expect: { effect: permit, grant: clerks } }
  - { name: inside v6, request: { ${clerk}, from: "2001:db8::7" }, expect: { grant: clerks } }
  - { name: outside, request: { ${clerk}, from: 192.0.2.1 }, expect: { status: 403, reason: grant_missing, grant: null } }
  - { name: from nowhere, request: { ${clerk} }, expect: deny }
  - { name: at night, request: { ${clerk}, from: 10.1.2.3, at: 2027-01-04T23:00:00Z }, expect: { reason: grant_denied, grant: night } }
  - { name: expired at night, request: { path: /orders/7, token: { issuer: demo, claims: { exp: 1700000000 } }, at: 2027-01-04T23:00:00Z }, expect: { reason: token_expired, grant: null } }
  - { name: unclean, request: { ${clerk.replace("/7", "/%c0%ae")}, from: 10.1.2.3 }, expect: { reason: path_ambiguous, grant: null } }
  - { name: expired, request: { path: /orders/7, token: { issuer: demo, claims: { exp: 1700000000 } } }, expect: { token: token_expired } }
  - { name: bound, request: { path: /bound, certificate: "spiffe://edge.demo/a", token: { issuer: demo, boundTo: "spiffe://edge.demo/a" } }, expect: permit }
  - { name: stolen, request: { path: /bound, certificate: "spiffe://edge.demo/b", token: { issuer: demo, boundTo: "spiffe://edge.demo/a" } }, expect: { reason: token_certificate } }
  - { name: no model, request: { path: "/desk?q=shoes", model: unavailable }, expect: { status: 503, reason: score_unavailable, route: desk } }
  - { name: nowhere, request: { path: /nowhere }, expect: { route: null, reason: route_not_found } }
`,
  );
  assert.equal(code, 0, output);
  assert.match(output, /12 passed, 0 failed$/);
});

test("a request is judged as it would reach the filter: its own body and headers before the defaults', values without what stands around them", async () => {
  const gate = `version: 1
routes:
  - { name: desk, match: { methods: [POST, CONNECT], path: /desk }, public: true, deny: [{ id: north, headers: { x-site: north } }] }
`;
  const { code, output } = await run(
    gate,
    `version: 1
defaults: { method: POST, path: /desk, headers: { Content-Type: application/json }, json: { note: hello } }
cases:
  - { name: own type, request: { headers: { content-type: text/plain } }, expect: permit }
  - { name: own body, request: { body: "1' UNION SELECT password FROM users--" }, expect: { reason: attack_screened } }
  - { name: spaces around, request: { headers: { x-site: " north\t" } }, expect: { grant: north } }
  - { name: connect, request: { method: CONNECT }, expect: { route: null, reason: route_not_found } }
`,
  );
  assert.equal(code, 0, output);
});

test("what no gateway would let the filter see is no case", async () => {
  const gate = "version: 1\nroutes:\n  - { name: desk, match: { path: /desk }, public: true }\n";
  const { code, output } = await run(
    gate,
    `version: 1
cases:
  - { name: a, request: { path: "/a#b" }, expect: deny }
  - { name: b, request: { path: "/a b" }, expect: deny }
  - { name: c, request: { path: desk }, expect: deny }
  - { name: d, request: { path: /desk, certificate: "spiffe://edge.demo/a" }, expect: permit }
  - { name: e, request: { path: '/desk?a="<{|}>' }, expect: permit }
`,
  );
  assert.equal(code, 1);
  assert.deepEqual(
    output.split("\n").map((line) => line.replace(/: .*\[/, " [")),
    [3, 4, 5].map((line) => `cases.yaml:${line}:33 [wrong_syntax]`).concat("cases.yaml:6:40 [workload_identity]"),
  );
});

test("a token as it stands is verified with the issuer's own keys", async () => {
  const own = await makeIssuer("https://issuer.demo", "orders");
  await writeFile(join(folder, "secret.txt"), own.secret);
  const token = await own.token("HS256", "", { claims: { level: 3 } });
  const at = new Date().toISOString().replace(/T.*/, "T12:00:00Z");
  const expires = await own.token("HS256", "", { claims: { level: 3, exp: Date.parse(at) / 1000 + 60, iat: 0 } });
  const forged = await (await makeIssuer("https://issuer.demo", "orders")).token("HS256", "");
  const { code, output } = await run(
    policy,
    `version: 1
cases:
  - { name: own, request: { path: /orders/7, from: 10.1.2.3, at: ${at}, token: ${expires} }, expect: { grant: clerks } }
  - { name: forged, request: { path: /orders/7, token: ${forged} }, expect: { token: token_signature } }
  - { name: now, request: { path: /orders/7, token: ${token} }, expect: { token: valid } }
`,
  );
  assert.equal(code, 0, output);
});

test("one issuer can't speak for another, also where keys stand in for both", async () => {
  const two = policy.replace(
    "  issuers:\n",
    `  issuers:
    - { name: other, issuer: "https://issuer.other", audiences: [orders], algorithms: [HS256], secret: { file: ./secret.txt } }
`,
  );
  assert.notEqual(two, policy);
  const { code, output } = await run(
    two,
    `${header}  - { name: own, request: { path: /orders/7, token: { issuer: other } }, expect: { token: valid } }
  - { name: posing, request: { path: /orders/7, token: { issuer: other, claims: { iss: "https://issuer.demo" } } }, expect: { token: token_signature } }
`,
  );
  assert.equal(code, 0, output);
});

test("a case's name does nothing to the terminal", async () => {
  const { output } = await run(policy, `${header}  - { name: "a\\e[31m", request: { path: /desk }, expect: permit }\n`);
  assert.match(output, /^ok {4}a\\u001b\[31m: permit/m);
});

test("a decision that differs is shown with its place, both values and what would have to change", async () => {
  const { code, output } = await run(
    policy,
    `${header}  - name: guests pass\n    request: { path: /orders/7 }\n    expect: { effect: permit, grant: clerks }\n`,
  );
  assert.equal(code, 1);
  assert.match(output, /^FAIL {2}guests pass \(cases\.yaml:4:11\): deny 401 token_missing, route orders$/m);
  assert.match(
    output,
    /^ +effect: expected permit, got deny\n +grant: expected clerks, got none\n +.*Send `authorization/m,
  );
  assert.match(output, /^no case reaches bound, desk$/m);
  assert.match(output, /^no case is decided by orders clerks, orders night, bound any\n0 passed, 1 failed$/m);
});

test("--json has the same for a program", async () => {
  const { code, output } = await run(
    policy,
    `${header}  - { name: guests, request: { ${clerk} }, expect: deny }\n`,
    "--json",
  );
  const { passed, failed, results } = JSON.parse(output);
  assert.deepEqual([code, passed, failed], [0, 1, 0]);
  assert.deepEqual(results[0].got, {
    effect: "deny",
    status: 403,
    reason: "grant_missing",
    route: "orders",
    grant: null,
    wouldDeny: null,
    token: "valid",
  });
});

const REFUSED: readonly [cases: string, problem: RegExp][] = [
  ["  - { name: a, request: { pat: /x }, expect: deny }", /4:27: unknown field "pat" .*"path", .* \[unknown_field\]/],
  ["  - { name: a, request: {}, expect: denied }", /4:37: .*\(expected permit, deny\) \[wrong_value\]/],
  ["  - { name: a, request: {}, expect: {} }", /4:37: .*\[wrong_length\]/],
  ["  - { name: a, request: {} }", /4:5: field "expect" is missing/],
  [
    "  - { name: a, request: { token: { issuer: dem } }, expect: deny }",
    /4:44: .*\(expected "demo",.*\[unknown_issuer\]/,
  ],
  ["  - { name: a, request: {}, expect: { route: order } }", /4:46: no route of the policy is "order" .*"orders"/],
  [
    "  - { name: a, request: {}, expect: { route: desk, grant: clerks } }",
    /4:59: no grant of route desk is "clerks" \(expected nothing here/,
  ],
  ["  - { name: a, request: {}, expect: { reason: grant_mising } }", /4:47: no reason .*"grant_missing"/],
  ["  - { name: a, request: { from: 10.0.0 }, expect: deny }", /4:33: "10\.0\.0" is no IP address/],
  ['  - { name: a, request: { headers: { "x site": a } }, expect: deny }', /4:38: "x site" is no header name/],
  ['  - { name: a, request: { headers: { ":path": /b } }, expect: deny }', /4:38: ":path" is no header name/],
  ['  - { name: a, request: { headers: { x: [b, "c\\nd"] } }, expect: deny }', /4:\d+: a value of x holds a control/],
  ["  - { name: a, request: { body: x, json: 1 }, expect: deny }", /4:36: the request has a body already/],
  [
    "  - { name: a, request: {}, expect: deny }\n  - { name: a, request: {}, expect: deny }",
    /5:13: case 1 is also named so .*\[duplicate_item\]/,
  ],
];
for (const [cases, problem] of REFUSED) {
  test(`refused with its place: ${cases.trim()}`, async () => {
    const { code, output } = await run(policy, header + cases);
    assert.equal(code, 1);
    assert.match(output, problem);
  });
}

test("what is wrong with the policy, or a file that is not there, is said as by check", async () => {
  assert.match(
    (await run(policy.replace("score: off", "scor: off"), header)).output,
    /^policy\.yaml:\d+:\d+: unknown field/,
  );
  assert.equal(await main(["test", join(folder, "policy.yaml")]), 2);
});

test("every field of the schema is documented, and every documented field exists", async () => {
  const schema = JSON.parse(await readFile("scripts/policy-test/cases.schema.json", "utf8"));
  const docs = await readFile("docs/policy-tests.md", "utf8");
  for (const [section, definition] of [
    ["request", "request"],
    ["token", "token"],
    ["expect", "expectation"],
  ] as const) {
    const text = docs.slice(docs.indexOf(`## \`${section}\``)).split("\n## ")[0] ?? "";
    const fields = text.match(/(?<=^\| `)[A-Za-z]+(?=` \|)/gm);
    assert.deepEqual(fields, Object.keys(schema.$defs[definition].properties));
  }
});
