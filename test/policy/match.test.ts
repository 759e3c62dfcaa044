import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import { METHODS, type Route } from "../../inference-sidecar/src/policy/policy.ts";
import { policyOf, route } from "./policies.ts";
import { loadPolicyModule, type PolicyModule } from "./policy-module.ts";

const NO_ROUTE = -1;
const METHOD_NOT_ALLOWED = -2;

let filter: PolicyModule;
before(async () => {
  filter = await loadPolicyModule();
});

function use(routes: readonly Route[]): void {
  assert.equal(filter.decode(compilePolicy(policyOf(routes)).blob), "");
}

describe("path patterns", () => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ["/", "/", true],
    ["/", "", false],
    ["/", "/a", false],
    ["/a", "/a", true],
    ["/a", "/a/", false],
    ["/a/", "/a/", true],
    ["/a", "/A", false],
    ["/a", "/ab", false],
    ["/ab", "/a", false],
    ["/a", "a", false],
    ["/a", "*", false],
    ["/orders/{id}", "/orders/1", true],
    ["/orders/{id}", "/orders/%2F", true],
    ["/orders/{id}", "/orders/", false],
    ["/orders/{id}", "/orders/1/", false],
    ["/orders/{id}", "/orders", false],
    ["/orders/{id}/lines", "/orders/1/lines", true],
    ["/orders/{id}/lines", "/orders//lines", false],
    ["/comments/**", "/comments", true],
    ["/comments/**", "/comments/", true],
    ["/comments/**", "/comments/a/b/c", true],
    ["/comments/**", "/commentsa", false],
    ["/**", "/", true],
    ["/**", "//", true],
    ["/{a}/**", "/", false],
    ["/{a}/**", "/x", true],
  ];
  for (const [pattern, path, matches] of cases) {
    test(`${pattern} ${matches ? "takes" : "leaves"} ${JSON.stringify(path)}`, () => {
      use([route({ path: pattern })]);
      assert.equal(filter.match("api.demo", "GET", path), matches ? 0 : NO_ROUTE);
    });
  }
});

describe("hosts", () => {
  const cases: [pattern: string, host: string, matches: boolean][] = [
    ["api.demo", "api.demo", true],
    ["api.demo", "API.Demo", true],
    ["api.demo", "api.demo:8443", true],
    ["api.demo", "api.demo:", true],
    ["api.demo", "api.demo.", true],
    ["api.demo", "api.demo.:80", true],
    ["api.demo", "api.demo:80:80", false],
    ["api.demo", "api.demo:x", false],
    ["api.demo", "x@api.demo", false],
    ["api.demo", "www.api.demo", false],
    ["api.demo", "", false],
    ["*.demo", "api.demo", true],
    ["*.demo", "a.b.demo:80", true],
    ["*.demo", "demo", false],
    ["*.demo", ".demo", false],
    ["*.demo", "ademo", false],
    ["[::1]", "[::1]:80", true],
    ["[::1]", "[::1]", true],
    ["10.0.0.1", "10.0.0.1:80", true],
    ["10.0.0.1", "10.0.0.10", false],
    ["*.demo", `${"a.".repeat(200)}demo`, false],
  ];
  for (const [pattern, host, matches] of cases) {
    test(`${pattern} ${matches ? "takes" : "leaves"} ${JSON.stringify(host.slice(0, 20))}`, () => {
      use([route({ path: "/", hosts: [pattern] })]);
      assert.equal(filter.match(host, "GET", "/"), matches ? 0 : NO_ROUTE);
    });
  }
});

describe("methods", () => {
  test("a path that only other methods reach is told apart from no route", () => {
    use([route({ path: "/a", methods: ["GET"] }), route({ path: "/a", methods: ["POST"] })]);
    assert.equal(filter.match("h", "POST", "/a"), 1);
    assert.equal(filter.match("h", "PUT", "/a"), METHOD_NOT_ALLOWED);
    assert.equal(filter.match("h", "get", "/a"), METHOD_NOT_ALLOWED);
    assert.equal(filter.match("h", "GET", "/b"), NO_ROUTE);
  });

  test("a route without methods takes each known one and no other", () => {
    use([route({ path: "/a" })]);
    for (const method of METHODS) assert.equal(filter.match("h", method, "/a"), 0, method);
    for (const method of ["", "PROPFIND", "GE", "GETS"])
      assert.equal(filter.match("h", method, "/a"), METHOD_NOT_ALLOWED);
  });
});

test("the first route by index wins, however it is written", () => {
  use([route({ path: "/a/{x}" }), route({ path: "/a/b" }), route({ path: "/**" }), route({ path: "/c" })]);
  assert.equal(filter.match("h", "GET", "/a/b"), 0);
  assert.equal(filter.match("h", "GET", "/c"), 2);
  use([route({ path: "/b/**" }), route({ path: "/b", hosts: ["*.demo"] }), route({ path: "/c", hosts: ["*.demo"] })]);
  assert.equal(filter.match("x.demo", "GET", "/b"), 0);
  assert.equal(filter.match("x.demo", "GET", "/c"), 2);
});

const SEGMENTS = ["a", "b", "ab", "{}", "c"];
const HOSTS = ["a.demo", "b.a.demo", "*.demo", "*.a.demo", "demo"];
const arbitraryPath = fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 4 });
const arbitraryRoute = fc
  .record({
    segments: arbitraryPath,
    rest: fc.boolean(),
    hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 2 }),
    methods: fc.uniqueArray(fc.constantFrom(...METHODS.slice(0, 3)), { minLength: 1 }),
  })
  .map(({ segments, rest, ...match }) => {
    const named = segments.map((segment, index) => (segment === "{}" ? `{p${index}}` : segment));
    return route({ path: `/${[...named, ...(rest ? ["**"] : [])].join("/")}`, ...match });
  });

/** The rule of the documentation, one route after the other. */
function naiveMatch(routes: readonly Route[], host: string, method: string, path: string): number {
  const reachable = routes.map(({ hosts, path: pattern }) => {
    const hostFits =
      hosts.length === 0 || hosts.some((one) => (one[0] === "*" ? host.endsWith(one.slice(1)) : one === host));
    const source = pattern.replace(/\{[^}]*\}/g, "[^/]+").replace(/\/\*\*$/, "(/.*)?");
    return hostFits && new RegExp(`^${source}$`).test(path);
  });
  const first = routes.findIndex((one, index) => reachable[index] && one.methods.some((known) => known === method));
  return first >= 0 ? first : reachable.includes(true) ? METHOD_NOT_ALLOWED : NO_ROUTE;
}

test("the tree agrees with the list, read from the top", () => {
  const requests = fc.array(
    fc.record({
      host: fc.constantFrom("a.demo", "b.a.demo", "c.b.a.demo", "demo", "x.demo", "other"),
      method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
      path: fc
        .array(fc.constantFrom("a", "b", "ab", "c", "d", ""), { maxLength: 5 })
        .map((parts) => `/${parts.join("/")}`),
    }),
    { minLength: 20, maxLength: 40 },
  );
  const property = fc.property(fc.array(arbitraryRoute, { maxLength: 30 }), requests, (routes, sent) => {
    use(routes);
    for (const { host, method, path } of sent) {
      assert.equal(
        filter.match(host, method, path),
        naiveMatch(routes, host, method, path),
        `${method} ${host}${path}`,
      );
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test("10,000 routes", () => {
  const routes = Array.from({ length: 10_000 }, (_, i) =>
    route({ path: `/service${i % 100}/r${i}/{id}/x`, name: `r${i}` }),
  );
  use(routes);
  for (const index of [0, 1, 4999, 9999]) {
    assert.equal(filter.match("h", "GET", `/service${index % 100}/r${index}/1/x`), index);
    assert.match(filter.describeRoute(index), new RegExp(`^r${index} ${index} `));
  }
  assert.equal(filter.match("h", "GET", "/service1/r0/1/x"), NO_ROUTE);
});

test("a host that is too long to be compared is of no route: one for any host does not take what could be another's", () => {
  use([route({ path: "/a", hosts: ["*.demo"] }), route({ path: "/**" })]);
  assert.equal(filter.match(`${"a.".repeat(125)}demo`, "GET", "/a"), 0);
  assert.equal(filter.match(`${"a.".repeat(126)}demo`, "GET", "/a"), NO_ROUTE);
  assert.equal(filter.match("b".repeat(256), "GET", "/a"), NO_ROUTE);
  assert.equal(filter.match("b".repeat(255), "GET", "/a"), 1);
});

test("hostile lengths neither trap nor match", () => {
  use([route({ path: "/{a}/b/**", hosts: ["*.demo"] })]);
  const long = "/x".repeat(16_384);
  assert.equal(filter.match("a.demo", "GET", long), NO_ROUTE);
  assert.equal(filter.match(`${".".repeat(60_000)}demo`, "GET", "/a/b"), NO_ROUTE);
  assert.equal(filter.match("a.demo", "G".repeat(60_000), `/a/b${long}`), METHOD_NOT_ALLOWED);
  assert.equal(filter.match("a.demo", "GET", `/a/b${long}`), 0);
});
