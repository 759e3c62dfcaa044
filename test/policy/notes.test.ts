import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Calibration } from "../../inference-sidecar/src/policy/calibration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { NOTE_CODES } from "../../inference-sidecar/src/policy/note.ts";
import { makePolicyFolder } from "./policy-folder.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
});
after(() => remove());

const head = `version: 1
listener: { tls: { certificate: { file: ./server.pem }, key: { file: ./server.key } } }
identity:
  issuers:
    - { name: demo, issuer: i, audiences: [a], algorithms: [ES256], jwks: { file: ./jwks.json } }
    - { name: other, issuer: j, audiences: [a], algorithms: [ES256], jwks: { file: ./jwks.json } }
  workloads: { trustDomains: [edge.demo], trustBundle: { file: ./server.pem } }
  apiKeys:
    keys:
      - { name: till, sha256: "${"1".repeat(64)}" }
      - { name: old, sha256: "${"2".repeat(64)}", expires: "2020-01-31T18:00:00Z" }
routes:
`;
const lines = head.split("\n").length;

/** The notes on these routes, each as `LINE code message`, the first route being line 1, without those of the head. */
async function notesOn(...routes: string[]): Promise<string[]> {
  const loaded = await parsePolicy(head + routes.map((one) => `  - ${one}`).join("\n"), join(folder, "policy.yaml"));
  return loaded
    .notes()
    .filter(({ line }) => line >= lines)
    .map(({ line, code, message }) => `${line - lines + 1} ${code} ${message}`);
}
const route = (match: string, name = "a") => `{ name: ${name}, owner: shop, match: { ${match} }, public: true }`;
const grants = (allow: string, more = "") => `{ name: a, owner: shop, match: { path: /a }, allow: [${allow}]${more} }`;

const COVERED: readonly [outer: string, inner: string][] = [
  ["path: /**", "path: /a/b"],
  ["path: /a/**", "path: /a"],
  ["path: /a/{x}", "path: /a/b, methods: [GET]"],
  ["path: /a/**", "path: /a/{x}/**"],
  ['hosts: ["*.demo"], path: /a/**', "hosts: [api.demo], path: /a/b"],
];
const REACHED: readonly [outer: string, inner: string][] = [
  ["path: /a/{x}", "path: /a/b/c"],
  ["path: /a/{x}", "path: /a/**"],
  ["path: /a/{x}", "path: /a/"],
  ["path: /a/b", "path: /a/{x}"],
  ["path: /a/**, methods: [GET]", "path: /a/b"],
  ["hosts: [api.demo], path: /a/**", "path: /a/b"],
];

test("a route that wider ones take everything from is named, with them", async () => {
  for (const [outer, inner] of COVERED) {
    const [note = ""] = await notesOn(route(outer, "wide"), route(inner, "narrow"));
    assert.match(note, /^2 route_covered route narrow is never reached: wide before it/, `${outer} and ${inner}`);
  }
  for (const [outer, inner] of REACHED) {
    assert.deepEqual(await notesOn(route(outer, "wide"), route(inner, "narrow")), [], `${outer} and ${inner}`);
  }
  const both = [route("path: /a/**, methods: [GET]", "one"), route("path: /a/{x}, methods: [POST]", "two")];
  assert.match((await notesOn(...both, route("path: /a/b, methods: [GET, POST]", "c")))[0] ?? "", /one, two before it/);
  const hosts = [route("hosts: [a.demo], path: /**", "one"), route("hosts: [b.demo], path: /**", "two")];
  assert.match(
    (await notesOn(...hosts, route("hosts: [a.demo, b.demo], path: /a", "c")))[0] ?? "",
    /one, two before it/,
  );
  assert.deepEqual(await notesOn(...hosts, route("hosts: [a.demo, c.demo], path: /a", "c")), []);
});

test("a parameter of another language is named, since it is taken as it is written", async () => {
  for (const path of ["/orders/:id", "/orders/.+/x"]) {
    assert.match(
      (await notesOn(route(`path: "${path}"`)))[0] ?? "",
      /^1 path_literal route a takes ":id|\.\+" as it is/,
    );
  }
  for (const path of ["/v1/orders:cancel", "/files/a.b+c", "/$metadata", "/orders(1)"]) {
    assert.deepEqual(await notesOn(route(`path: "${path}"`)), [], path);
  }
});

test("a restricted route that a public one before it makes public for some methods is named, preflights and equal paths apart", async () => {
  const restricted = (match: string) => `{ name: b, owner: shop, match: { ${match} }, allow: [{ issuer: demo }] }`;
  const on = (first: string, second: string) => notesOn(route(first), restricted(second));
  const named = "2 route_partly_public route b is restricted, but public for GET: a before it has a wider path";
  assert.deepEqual(await on("methods: [GET], path: /a/{x}", "path: /a/export"), [named]);
  assert.deepEqual(await on("methods: [GET], path: /**", "methods: [GET, POST], path: /a/**"), [named]);
  assert.deepEqual(await on("methods: [GET], path: /a/{x}", "path: /a/{y}"), [], "the rest of the same path");
  assert.deepEqual(await on("methods: [OPTIONS], path: /**", "path: /a/**"), [], "a preflight brings no token");
  assert.deepEqual(await on("methods: [GET], hosts: [a.demo], path: /**", "path: /a/**"), [], "a site of its own");
  assert.deepEqual(await notesOn(restricted("path: /a/export"), route("methods: [GET], path: /a/{x}")), []);
});

test("paths of restricted routes that are public with a slash behind them are named at the route that takes them", async () => {
  const restricted = (match: string, name: string) =>
    `{ name: ${name}, owner: shop, match: { ${match} }, allow: [{ issuer: demo }] }`;
  const site = route("path: /**", "site");
  const both = [restricted("path: /admin", "b"), restricted('path: "/orders/{id}"', "c")];
  assert.deepEqual(await notesOn(...both, site), [
    "3 route_slash_public with a slash behind it the path of b, c is public, by route site",
  ]);
  assert.deepEqual(await notesOn(restricted("path: /admin", "b"), restricted("path: /admin/**", "c"), site), []);
  assert.deepEqual(await notesOn(restricted("path: /admin", "b"), restricted("path: /admin/", "c"), site), []);
  assert.deepEqual(await notesOn(restricted("path: /admin/**", "b"), site), []);
  assert.deepEqual(await notesOn(restricted("path: /admin", "b"), route("path: /site/**", "site")), []);
  assert.deepEqual(
    await notesOn(restricted("methods: [POST], path: /admin", "b"), route("methods: [GET], path: /**")),
    [],
  );
  const hosts = [restricted("hosts: [a.demo, b.demo], path: /admin", "b"), route("hosts: [b.demo], path: /**", "site")];
  assert.match((await notesOn(...hosts))[0] ?? "", /path of b is public, by route site$/, "on one of its hosts");
});

test("notes on 10,000 hosts, each with a route for every path, take no time that grows by the square", async () => {
  const routes = Array.from({ length: 10_000 }, (_, n) => `  - ${route(`hosts: [h${n}.demo], path: /**`, `r${n}`)}`);
  const loaded = await parsePolicy(head + routes.join("\n"), join(folder, "policy.yaml"));
  const start = process.cpuUsage();
  const notes = loaded.notes();
  const { user, system } = process.cpuUsage(start);
  assert.ok(notes.every(({ line }) => line < lines));
  const milliseconds = (user + system) / 1000;
  assert.ok(milliseconds < 2500, `${milliseconds} ms of the processor`);
});

test("a route that names CONNECT is named: no route takes such requests", async () => {
  const named = "route_for_connect route a names CONNECT, whose requests have no path: no route takes them";
  assert.deepEqual(await notesOn(route("path: /a, methods: [CONNECT]")), [`1 ${named}`]);
  assert.deepEqual(await notesOn(route("path: /a, methods: [GET, CONNECT]")), [`1 ${named}`]);
  assert.deepEqual(await notesOn(route("path: /a")), []);
});

const TAKEN: readonly [first: string, second: string][] = [
  ["issuer: demo", "issuer: demo, scopes: [x]"],
  ["issuer: demo, scopes: [x]", "issuer: demo, scopes: [y, x], networks: [10.0.0.0/8]"],
  ["issuer: demo, claims: { r: [a, b] }", "issuer: demo, claims: { r: a }"],
  ["issuer: demo, claims: { r: { prefix: ab } }", "issuer: demo, claims: { r: { prefix: abc } }"],
  ["issuer: demo, claims: { n: { atLeast: 3 } }", "issuer: demo, claims: { n: { above: 3, below: 9 } }"],
  ["issuer: demo, claims: { n: { above: 3 } }", "issuer: demo, claims: { n: { atLeast: 4 } }"],
  ["issuer: demo, claims: { n: { below: 9 } }", "issuer: demo, claims: { n: { atMost: 8 } }"],
  ["issuer: demo, networks: [10.0.0.0/8]", "issuer: demo, networks: [10.1.0.0/16]"],
  ['workloads: ["spiffe://edge.demo/ns/*"]', 'workloads: ["spiffe://edge.demo/ns/x"], issuer: demo'],
  ["apiKeys: [till]", "apiKeys: [till], times: [{ days: [mon] }]"],
];
const LEFT: readonly [first: string, second: string][] = [
  ["issuer: demo", "issuer: other"],
  ["issuer: demo, scopes: [x]", "issuer: demo"],
  ["issuer: demo, claims: { r: a }", "issuer: demo, claims: { r: [a, b] }"],
  ["issuer: demo, claims: { n: { above: 3 } }", "issuer: demo, claims: { n: { atLeast: 3 } }"],
  ["issuer: demo, claims: { n: { atMost: 8 } }", "issuer: demo, claims: { n: { below: 9 } }"],
  // An element of a list may be 5, and no list is within bounds.
  ["issuer: demo, claims: { n: { atLeast: 3 } }", "issuer: demo, claims: { n: 5 }"],
  ["issuer: demo, networks: [10.1.0.0/16]", "issuer: demo, networks: [10.0.0.0/8]"],
  ['issuer: demo, expires: "2100-01-31T18:00:00Z"', "issuer: demo, scopes: [x]"],
  ['workloads: ["spiffe://edge.demo/ns/x"]', 'workloads: ["spiffe://edge.demo/ns/*"]'],
];

test("a grant that an earlier one or a deny takes everything from is named, with it", async () => {
  for (const [first, second] of TAKEN) {
    const [note = ""] = await notesOn(grants(`{ ${first} }, { id: second, owner: ann, ${second} }`));
    assert.match(note, /^1 grant_never_used grant second .* fits a\/0 before; owner ann$/, `${first} and ${second}`);
  }
  for (const [first, second] of LEFT) {
    assert.deepEqual(await notesOn(grants(`{ ${first} }, { ${second} }`)), [], `${first} and ${second}`);
  }
  const within = "{ id: x, issuer: demo, networks: [10.1.0.0/16] }";
  const denied = await notesOn(grants(within, ", deny: [{ id: no, networks: [10.0.0.0/8] }]"));
  assert.deepEqual(denied, ["1 grant_never_used grant x decides nothing: deny no takes everything that it allows"]);
});

test("API keys that have expired, or open nothing, are named", async () => {
  const text = `${head}  - ${grants("{ id: g, apiKeys: [old] }")}`;
  const found = (await parsePolicy(text, join(folder, "policy.yaml"))).notes().map(({ code }) => code);
  assert.deepEqual(found, ["api_key_unused", "api_key_expired", "grant_never_used"]);
});

test("routes without an owner are named in one note", async () => {
  const notes = await notesOn(
    ...Array.from({ length: 12 }, (_, n) => `{ name: r${n}, match: { path: /${n} }, public: true }`),
  );
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? "", /route_without_owner without an `owner`: r0, r1, .*r9 and 2 more$/);
});

test("a file of revocations that is not there, and a word on stale lists where none is ever stale, are named", async () => {
  const stale = grants("{ issuer: demo }", ", onStaleRevocation: open");
  const message = "route a: without `revocation` at the top level the age of the list does not matter";
  assert.deepEqual(await notesOn(stale), [`1 stale_revocation_unused ${message}`]);
  const codes = async (file: string) => {
    const text = `${head}  - ${stale}\nrevocation: { file: ${file} }`;
    const loaded = await parsePolicy(text, join(folder, "policy.yaml"));
    return loaded.notes().flatMap(({ line, code }) => (line >= lines ? [`${line - lines} ${code}`] : []));
  };
  assert.deepEqual(await codes("./not-there.json"), ["1 revocation_file_missing"]);
  assert.deepEqual(await codes("./jwks.json"), []);
});

test("a policy without routes is named", async () => {
  for (const [mode, then] of [
    ["prevent", "every request is denied"],
    ["observe", "no request matches one"],
  ]) {
    const loaded = await parsePolicy(`version: 1\nmode: ${mode}\nroutes: []`, join(folder, "policy.yaml"));
    assert.deepEqual(
      loaded.notes().map(({ line, code, message }) => `${line} ${code} ${message}`),
      [`3 no_routes there are no routes: ${then}`],
    );
  }
});

test("a step-up from a score on that denies by itself is named with the score that does", async () => {
  const calibration: Calibration = {
    thresholds: { clearBelow: 50_000, denyAlone: 500_000, modelDeny: 100_000 },
    requests: 10_000,
    offsets: { unsure: [2000], always: [2000] },
  };
  const asks = async (fromScore: string, more = "", score = "{}") => {
    const text = `${head}  - ${grants("{ issuer: demo }", `, stepUp: { acr: [phr], fromScore: ${fromScore} }, score: ${score}${more}`)}`;
    const loaded = await parsePolicy(text, join(folder, "policy.yaml"), calibration);
    return loaded.notes().flatMap(({ code, message }) => (code === "step_up_never_asked" ? [message] : []));
  };
  const says = (from: string, denies: string, but = "") => [
    `route a: fromScore ${from} asks nobody for more${but}: from ${denies} on the score denies`,
  ];
  assert.deepEqual(await asks("9.9999%"), []);
  assert.deepEqual(await asks("10%"), says("10%", "10%"));
  assert.deepEqual(
    await asks("20%", "", "{ onUnavailable: open }"),
    says("20%", "10%", " but while the model is away"),
  );
  assert.deepEqual(await asks("60%", "", "{ onUnavailable: open }"), says("60%", "10%"));
  // Reviews may lead the threshold of adapt as far as 55 %.
  const adapts = ", ladder: { floor: observe, ceiling: adapt }";
  assert.deepEqual(await asks("54%", adapts), []);
  assert.deepEqual(await asks("55%", adapts), says("55%", "55%"));
  // The threshold of a budget is the route's own.
  assert.deepEqual(await asks("40%", "", "{ falsePositiveBudget: 1% }"), []);
});

test("every code of a note is documented, and every documented one exists", () => {
  const docs = readFileSync("docs/policy.md", "utf8");
  const table = docs.slice(docs.indexOf("| note |"), docs.indexOf("| code |"));
  assert.deepEqual(table.match(/(?<=^\| `)\w+(?=`)/gm)?.toSorted(), Object.keys(NOTE_CODES).toSorted());
});
