import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { compilePolicy } from "../../../inference-sidecar/src/policy/compile.ts";
import { parsePolicy } from "../../../inference-sidecar/src/policy/load.ts";
import { compileEntry } from "../../harness/compile-entry.ts";

const POLICY = `
version: 1
mode: prevent
routes:
  - { name: order, match: { methods: [GET], path: "/orders/{id}" }, public: true }
  - { name: order-lines, match: { methods: [GET], path: "/orders/{id}/lines" }, public: true }
  - { name: admin, match: { path: "/admin/**" }, public: true }
  - { name: files, match: { path: "/files/**" }, public: true }
  - { name: upload, match: { methods: [PUT], path: "/up/{name}/raw" }, public: true }
  - { name: up, match: { path: "/up/{name}" }, public: true }
  - { name: page, match: { methods: [GET], path: "/{page}" }, public: true }
`;

interface Exports extends Record<string, unknown> {
  Uint8Array_ID: { valueOf(): number };
  decode(blob: number): number;
  inspect(host: number, method: number, path: number): number;
}

const traps = ["none", "malformed", "ambiguous"] as const;
let inspect: (path: string | Uint8Array, method?: string) => (typeof traps)[number];

before(async () => {
  const { exports } = await compileEntry<Exports>("test/filter/entries/path-entry.ts");
  const { __pin, __unpin, __collect } = exports;
  const put = (bytes: Uint8Array) => __pin(exports.__newArray(exports.Uint8Array_ID.valueOf(), bytes));
  const { policy } = await parsePolicy(POLICY, "policy.yaml");
  assert.equal(exports.decode(put(compilePolicy(policy).blob)), 1);
  inspect = (path, method = "GET") => {
    const bytes = typeof path === "string" ? Buffer.from(path, "latin1") : path;
    const pointers = [Buffer.from("shop.example"), Buffer.from(method), bytes].map(put);
    const [host = 0, verb = 0, target = 0] = pointers;
    const trap = traps[exports.inspect(host, verb, target)];
    for (const pointer of pointers) __unpin(pointer);
    __collect();
    assert.ok(trap);
    return trap;
  };
});

const paths: Record<(typeof traps)[number], [what: string, path: string][]> = {
  none: [
    ["an everyday path", "/orders/4711"],
    ["one that no route matches", "/nothing/here/at/all"],
    ["encoded data", "/orders/caf%C3%A9%20au%20lait"],
    ["UTF-8 data", "/files/\xe6\x9d\xb1\xe4\xba\xac"],
    ["Latin-1 data", "/files/caf%E9"],
    ["Latin-1 data of bytes that begin what is overlong", "/files/caf%C1"],
    ["the same before a letter", "/files/%C0propos"],
    ["the same, raw", "/files/\xc0propos-\xc1"],
    ["a percent sign that encodes nothing", "/files/100%"],
    ["an encoded slash inside one parameter", "/orders/2024%2F17"],
    ["a double-encoded slash inside one parameter", "/orders/2024%252F17"],
    ["an encoded backslash inside one parameter", "/orders/a%5Cb"],
    ["encoded slashes under **", "/files/a%2Fb%2fc"],
    ["an encoded URL under **", "/files/https%3A%2F%2Fexample.org%2F%3Fq%3D1"],
    ["a URL under **", "/files/https://example.org/x"],
    ["parameters that change nothing", "/orders/4711;v=1"],
    ["a hidden file", "/files/.well-known/x"],
    ["three dots", "/files/.../x"],
    ["two dots, a space and a word", "/files/..%20x/y"],
    ["a question mark after a word", "/files/a..%3f/x"],
    ["dots inside a segment", "/files/a..b"],
    ["a trailing slash", "/files/"],
    ["an asterisk", "*"],
  ],
  malformed: [
    ["NUL", "/files/a\0b"],
    ["encoded NUL", "/files/a%00b"],
    ["a control character", "/files/a\x1eb"],
    ["an encoded line break", "/files/a%0d%0Ab"],
    ["encoded control characters", "/files/%1e%1f"],
    ["DEL", "/files/%7F"],
    ["encoded NUL beside a dot segment", "/files/../a%00b"],
    ["encoded NUL beside a backslash", "/files\\a%00b"],
    ["DEL beside what is overlong", "/files/%c0%ae%7f"],
    ["an encoded line break beside merged slashes that reach another route", "/orders//%0a"],
  ],
  ambiguous: [
    ["a backslash", "/files\\x"],
    ["overlong dots", "/files/%c0%ae%c0%ae/x"],
    ["overlong slash of three bytes", "/files/%e0%80%af"],
    ["overlong slash of four bytes", "/files/%f0%80%80%af"],
    ["a raw overlong dot", "/files/\xc0\xae"],
    ["an overlong dot whose second byte is encoded twice", "/files/%c0%25ae"],
    ["an overlong slash without its high bit", "/files/%c0%2fx"],
    ["an overlong dot without its high bit", "/files/%c0%2ex"],
    ["an overlong letter", "/files/%c1%a1"],
    ["a dot segment", "/files/../admin"],
    ["a single dot", "/files/./x"],
    ["a dot segment at the end", "/files/x/.."],
    ["encoded dots", "/files/%2e%2E/admin"],
    ["one encoded dot", "/files/.%2e/admin"],
    ["double-encoded dots", "/files/%252e%252e/admin"],
    ["dots encoded four times", "/files/%25252e./x"],
    ["what is still encoded after four rounds", "/files/%252525252e"],
    ["dots behind an encoded slash", "/files/x%2F..%2Fy"],
    ["dots behind an encoded backslash", "/files/x%5c..%5cy"],
    ["dots with parameters", "/files/..;x=1/admin"],
    ["dots with encoded parameters", "/files/..%3bx/admin"],
    ["IIS's dots", "/files/%u002e%u002e/admin"],
    ["full-width dots", "/files/\xef\xbc\x8e%EF%BC%8E/admin"],
    ["IIS's full-width dots", "/files/%uff0e%uFF0E/admin"],
    ["IIS's full-width slash that reaches another route", "/admin%uff0fusers"],
    ["IIS's full-width backslash that does", "/admin%uff3cusers"],
    ["dots and a space", "/files/..%20/admin"],
    ["dots, spaces and dots", "/files/..%20.%20/admin"],
    ["three dots and a space", "/files/...%20/admin"],
    ["dots and a question mark", "/files/..%3f/admin"],
    ["dots and a query", "/files/..%3fa=b/admin"],
    ["dots and a fragment", "/files/..%23/admin"],
    ["dots and a raw fragment", "/files/..#/admin"],
    ["dots, a space and parameters", "/files/..%20;x/admin"],
    ["dots and a double-encoded space", "/files/..%2520/admin"],
    ["a single dot and a space", "/files/.%20/admin"],
    ["an encoded slash that reaches another route", "/admin%2Fusers"],
    ["a double-encoded slash that does", "/admin%252Fusers"],
    ["a full-width slash that does", "/admin%EF%BC%8Fusers"],
    ["an encoded slash within a parameter that reaches another route", "/orders/1%2Flines"],
    ["one that reaches a route of another method", "/up/x%2fraw"],
    ["an encoded letter that reaches another route", "/%61dmin"],
    ["merged slashes that do", "/orders//4711"],
    ["merged slashes at the start", "//admin/x"],
    ["parameters that do", "/admin;x/users"],
    ["a parameter that is all of a segment", "/orders/;x"],
  ],
};

for (const trap of traps) {
  for (const [what, path] of paths[trap]) test(`${trap}: ${what}`, () => assert.equal(inspect(path), trap));
}

test("no path traps the machine, and one without anything special is no trap", () => {
  const byte = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(...Buffer.from("%25/.;\\uef0\xc0\xef\xbc\x8f", "latin1")),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => {
      inspect(Uint8Array.from([0x2f, ...bytes]));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-zA-Z0-9_~-][a-zA-Z0-9._~-]{0,9}$/), { maxLength: 8 }), (segments) => {
      assert.equal(inspect(`/${segments.join("/")}`), "none");
    }),
  );
});

test("encoding a dot segment up to four times never hides it", () => {
  const encoded = (text: string, times: number): string =>
    times === 0
      ? text
      : encoded(
          text.replace(/[%.]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
          times - 1,
        );
  for (let times = 0; times <= 6; times++) assert.equal(inspect(`/files/${encoded("..", times)}/x`), "ambiguous");
});
