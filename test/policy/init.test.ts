import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { main } from "../../scripts/cli.ts";
import { draftFromOpenApi } from "../../scripts/policy-init/openapi.ts";
import { policyText } from "../../scripts/policy-init/policy-text.ts";
import { makePolicyFolder } from "./policy-folder.ts";

let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await makePolicyFolder());
});
after(() => remove());

const document = `
openapi: 3.1.0
info: { title: "Shop # no comment", version: "1" }
servers: [{ url: "https://api.demo/v1/" }]
security: [{ staff: [orders:read] }]
paths:
  /orders/{order-id}: { get: { operationId: readOrder }, delete: { security: [{ staff: [orders:write], key: [] }, { certificate: [] }] } }
  /orders/latest: { get: { operationId: readOrder } }
  /orders/{other}: { get: {} }
  /files/{name}.json: { get: { security: [] }, parameters: [] }
  /status: { get: { security: [{}, { staff: [] }] } }
components:
  securitySchemes:
    staff: { type: openIdConnect, openIdConnectUrl: "https://login.demo/.well-known/openid-configuration" }
    key: { type: apiKey, in: header, name: X-Shop-Key }
    certificate: { type: mutualTLS }
`;

/** The policy that is written for a document, as it is loaded. */
async function policyFor(text: string) {
  const path = join(folder, "first.yaml");
  await writeFile(path, policyText(draftFromOpenApi(text, "openapi.yaml")));
  return { ...(await loadPolicy(path)), text: await readFile(path, "utf8") };
}

test("paths, methods, scopes, keys and public operations of a document become routes, literals first", async () => {
  const { policy, text } = await policyFor(document);
  const routes = policy.routes.map(({ name, methods, path, public: open, allow }) => {
    const grants = allow.map(({ issuer, scopes, apiKeys }) => [issuer, ...scopes, ...apiKeys].join(" "));
    return `${name} ${methods.join()} ${path} ${open ? "public" : grants.join(" or ")}`;
  });
  assert.deepEqual(routes, [
    "get-files-name-.json GET /v1/files/{namejson} public",
    "readOrder-2 GET /v1/orders/latest 0 orders:read",
    "readOrder GET /v1/orders/{order-id} 0 orders:read",
    "delete-orders-order-id DELETE /v1/orders/{order-id} 0 orders:write fill-in or 1",
    "get-status GET /v1/status public",
  ]);
  assert.equal(policy.issuers[0]?.issuer, "https://login.demo");
  assert.deepEqual([policy.mode, policy.limits?.perAddress, policy.apiKeys.header], ["observe", 30, "x-shop-key"]);
  assert.match(text, /# GET \/orders\/\{other\} was left out: route readOrder has its shape, and takes its requests/);
  assert.match(text, /# scheme certificate \(mutualTLS\) has no counterpart here: FILL IN/);
  assert.match(text, /# FILL IN: https:\/\/login\.demo\/\.well-known\/openid-configuration says/);
});

test("of two operations of one shape the one is kept that does not take everybody, whichever comes first", async () => {
  const open = { get: { operationId: "open", security: [] } };
  const kept = { get: { operationId: "kept", security: [{ staff: ["a"] }] } };
  const securitySchemes = {
    staff: { type: "openIdConnect", openIdConnectUrl: "https://login.demo/.well-known/openid-configuration" },
  };
  for (const [first, second] of [
    [open, kept],
    [kept, open],
  ]) {
    const paths = { "/docs/{page}.html": first, "/docs/{id}": second };
    const { policy, text } = await policyFor(
      JSON.stringify({ openapi: "3.1.0", paths, components: { securitySchemes } }),
    );
    const told = policy.routes.map(({ name, public: isPublic, allow }) => [name, isPublic, allow.length]);
    assert.deepEqual(told, [["kept", false, 1]], text);
    assert.match(text, /# GET \/docs\/\S+ was left out: /);
  }
});

test("a literal stands before a parameter whatever other parameters are named, so that no route takes another's requests", async () => {
  const paths = {
    "/repos/{a}/{repo}": { get: { security: [] } },
    "/repos/{b}/latest": { get: { security: [{ staff: ["admin"] }] } },
    "/{z}/x": { get: {} },
    "/{y}/x/{w}": { get: {} },
    "/{x}/{v}": { get: {} },
  };
  const securitySchemes = { staff: { type: "http", scheme: "bearer" } };
  const { policy, notes } = await policyFor(
    JSON.stringify({ openapi: "3.1.0", paths, components: { securitySchemes } }),
  );
  assert.deepEqual(
    policy.routes.map(({ path }) => path),
    ["/repos/{b}/latest", "/repos/{a}/{repo}", "/{z}/x", "/{y}/x/{w}", "/{x}/{v}"],
  );
  assert.deepEqual(
    notes().map(({ code }) => code),
    ["route_without_owner"],
  );
});

test("schemes of one provider are one issuer, and schemes whose names become the same are two", async () => {
  const discovery = "https://login.demo/.well-known/openid-configuration";
  const { policy } = await policyFor(
    JSON.stringify({
      openapi: "3.1.0",
      paths: {
        "/a": { get: { security: [{ oidc: ["a"] }] }, put: { security: [{ oauth: ["b"] }, { Oauth: [] }] } },
        "/b": { get: { security: [{ "x y": [] }] }, put: { security: [{ "x-y": [] }] } },
      },
      components: {
        securitySchemes: {
          oidc: { type: "openIdConnect", openIdConnectUrl: discovery },
          oauth: { type: "oauth2", flows: { clientCredentials: { tokenUrl: "https://login.demo/token", scopes: {} } } },
          Oauth: { type: "http", scheme: "bearer" },
          "x y": { type: "openIdConnect", openIdConnectUrl: `https://x.demo/.well-known/openid-configuration` },
          "x-y": { type: "openIdConnect", openIdConnectUrl: `https://y.demo/.well-known/openid-configuration` },
        },
      },
    }),
  );
  const of = (route: string) => policy.routes.find(({ name }) => name === route)?.allow.map(({ issuer }) => issuer);
  const oidc = of("get-a")?.[0] ?? -1;
  assert.equal(policy.issuers[oidc]?.issuer, "https://login.demo");
  assert.equal(of("put-a")?.[0], oidc);
  assert.notDeepEqual(of("get-b"), of("put-b"));
  assert.equal(policy.issuers.length, 4);
});

test("what asks for somebody is never open: merged in, referred to, asked for twice, or not written as it must be", async () => {
  const { policy, text, notes } = await policyFor(`
openapi: 3.0.3
x-staff: &staff
  security: [{ staff: [admin] }]
paths:
  /merged: { get: { <<: *staff, operationId: merged } }
  /referred: { get: { $ref: "#/x-operations/a" }, put: { $ref: "operations.yaml#/a" } }
  /names: { get: { security: [staff] }, put: { security: staff }, post: { security: [null] } }
  /mapping: { get: { security: { staff: [admin] } } }
  /both: { get: { security: [{ staff: [admin], partner: [stock] }] } }
  /either: { get: { security: [{ basic: [] }, { session: [] }, { staff: [] }, { staff: [] }] } }
x-operations: { a: { security: [{ staff: [admin] }] } }
components:
  securitySchemes:
    staff: { type: http, scheme: bearer }
    partner: { type: oauth2, flows: { clientCredentials: { tokenUrl: "https://partner.demo/token", scopes: {} } } }
    basic: { type: http, scheme: basic }
    session: { type: apiKey, in: cookie, name: sid }
`);
  const issuers = policy.issuers.map(({ name }) => name);
  const grants = policy.routes.map(({ methods, path, public: isPublic, allow }) => {
    const asked = allow.map(({ issuer, scopes }) => [issuers[issuer ?? -1], ...scopes].join(" "));
    return `${methods.join()} ${path}: ${isPublic ? "public" : asked.join(" or ")}`;
  });
  assert.deepEqual(grants, [
    "GET /both: staff admin",
    "GET /either: fill-in or staff",
    "GET /mapping: staff admin",
    "GET /merged: staff admin",
    "GET /names: staff",
    "PUT /names: staff",
    "POST /names: fill-in",
    "GET /referred: staff admin",
  ]);
  assert.match(text, /# scheme partner is asked for as well, and a grant takes one issuer's token: FILL IN who may/);
  assert.match(text, /# PUT \/referred was left out: it does not stand in the document/);
  assert.deepEqual(
    notes().map(({ code }) => code),
    ["route_without_owner"],
  );
});

test("names that YAML reads as something else are text, and so is a key's header", async () => {
  const { policy } = await policyFor(
    JSON.stringify({
      openapi: "3.0.3",
      paths: {
        "/a": { get: { operationId: "true" }, put: { operationId: "0x1F" }, post: { operationId: "null" } },
        "/b": { get: { operationId: "1e3", security: [{ "123": [] }, { key: [] }] } },
      },
      components: {
        securitySchemes: {
          "123": { type: "oauth2", flows: { implicit: { authorizationUrl: "urn:x" } } },
          key: { type: "apiKey", in: "header", name: "404" },
        },
      },
    }),
  );
  assert.deepEqual(
    policy.routes.map(({ name }) => name),
    ["true", "0x1F", "null", "1e3"],
  );
  const told = [policy.issuers[0]?.name, policy.issuers[0]?.issuer, policy.apiKeys.header];
  assert.deepEqual(told, ["123", "https://123.invalid", "404"]);
});

test("a path is taken without query and fragment, and what is no path is no route", async () => {
  const securitySchemes = { staff: { type: "http", scheme: "bearer" } };
  const open = { get: { security: [] } };
  const { policy, text } = await policyFor(
    stringify({
      openapi: 3.0,
      servers: [{ url: "/v1" }],
      paths: {
        "/items?type=a": open,
        "/items?type=b": { get: { security: [{ staff: ["b"] }] } },
        "/users/{id}{?full}": open,
        "/#Target=List": open,
        pets: open,
        "x-common": open,
      },
      components: { securitySchemes },
    }),
  );
  const routes = policy.routes.map(({ path, public: isPublic }) => `${path} ${isPublic ? "public" : "restricted"}`);
  assert.deepEqual(routes, ["/v1/ public", "/v1/items restricted", "/v1/users/{id} public"]);
  assert.match(text, /# \/items\?type=b is taken as \/items: a route takes its requests with any query/);
  assert.match(text, /# pets was left out: it does not begin with "\/"/);
  assert.doesNotMatch(text, /x-common/);
});

test("an anchor may stand in each of many operations, and does not multiply without end", async () => {
  const paths = Array.from({ length: 1500 }, (_, index) => `  /p${index}: { get: { security: *staff } }`);
  const schemes = "components: { securitySchemes: { staff: { type: http, scheme: bearer } } }";
  const text = ["openapi: 3.0.3", "x-s: &staff [{ staff: [a] }]", "paths:", ...paths, schemes].join("\n");
  const { routes } = draftFromOpenApi(text, "f");
  assert.deepEqual([routes.length, routes[0]?.allow], [1500, [{ issuer: "staff", scopes: ["a"] }]]);
  const levels = Array.from({ length: 8 }, (_, level) => `x${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(9)}]`);
  const bomb = ["openapi: 3.0.3", "x0: &a0 [1]", ...levels, "paths: { /a: { get: { x: *a8 } } }"].join("\n");
  assert.throws(() => draftFromOpenApi(bomb, "f"), /alias/);
});

test("hostile names stay within their quotes and comments", async () => {
  const { policy } = await policyFor(
    JSON.stringify({
      openapi: "3.0.0",
      paths: {
        '/a"\n  - name: evil/b': { get: { operationId: "x\n  - name: y" } },
        "/{a}/{a}": { get: {} },
        "/": { get: {} },
      },
      components: { securitySchemes: { "a\nb": { type: "http", scheme: "bearer" } } },
      security: [{ "a\nb": ["s\n]"] }],
    }),
  );
  assert.deepEqual(
    policy.routes.map(({ path }) => path),
    ["/", "/{a-nameevil}/b", "/{a}/{a2}"],
  );
});

test("paths and schemes that a document refers to within itself are taken from there", async () => {
  const { policy } = await policyFor(
    JSON.stringify({
      openapi: "3.1.0",
      paths: {
        "/a": { $ref: "#/components/pathItems/a%7E1b", summary: "x" },
        "/b/{x}": { $ref: "#/paths/~1a", put: { security: [] } },
        "/c": { $ref: "#/paths/~1c" },
      },
      components: {
        pathItems: { "a/b": { get: { security: [{ staff: ["read"] }] } } },
        securitySchemes: {
          staff: { $ref: "#/components/securitySchemes/bearer" },
          bearer: { type: "http", scheme: "bearer" },
        },
      },
    }),
  );
  const routes = policy.routes.map(({ methods, path, allow }) =>
    [...methods, path, ...(allow[0]?.scopes ?? [])].join(" "),
  );
  assert.deepEqual(routes, ["GET /a read", "GET /b/{x} read", "PUT /b/{x}"]);
});

test("a server's path stands before each path: variables by their defaults, of the operation before the path before the document", async () => {
  const pathsOf = async (document: object) => {
    const { policy, text } = await policyFor(JSON.stringify({ openapi: "3.0.3", ...document }));
    return { paths: policy.routes.map(({ path }) => path), text };
  };
  const paths = { "/a": { get: {} } };
  const hub = { protocol: { default: "https" }, host: { default: "hub.demo" }, base: { default: "api/v3" } };
  for (const [servers, path] of [
    [[{ url: "{protocol}://{host}/{base}", variables: hub }], "/api/v3/a"],
    [[{ url: "//{host}/v1/", variables: hub }], "/v1/a"],
    [[{ url: "v2" }], "/v2/a"],
    [[{ url: "./v2/../v3/?x=1#y" }], "/v3/a"],
    [[{ url: "https://x.demo/{tenant}/v1" }], "/{tenant}/v1/a"],
    [[{ url: "https://x.demo?x=/y" }], "/a"],
    [[{ url: "{whole}", variables: { whole: { default: "https://x.demo/v5" } } }], "/v5/a"],
    [[{ url: "{whole}/api", variables: { whole: { default: "https://x.demo" } } }], "/api/a"],
    [[{ url: "{whole}/api", variables: { whole: { default: "v6" } } }], "/v6/api/a"],
    [[], "/a"],
    [undefined, "/a"],
  ] as const) {
    assert.deepEqual((await pathsOf({ servers, paths })).paths, [path]);
  }
  const { paths: own, text } = await pathsOf({
    servers: [{ url: "/{base}", variables: hub }, { url: "/other" }, { url: "https://x.demo/api/v3" }],
    paths: {
      "/a": { servers: [{ url: "/path" }], get: {}, put: { servers: [{ url: "/operation" }] } },
      "/b": { servers: [], get: {} },
    },
  });
  assert.deepEqual(own, ["/api/v3/b", "/operation/a", "/path/a"]);
  assert.match(
    text,
    /# \{base\} of a server is taken to be its default, "api\/v3"\n# servers at \/other have no routes/,
  );
});

test("a key's header is taken as clients send it, with underscores too, and left out where it means something else", async () => {
  const keyed = (name: string) =>
    policyFor(
      JSON.stringify({
        openapi: "3.0.3",
        paths: { "/a": { get: { security: [{ key: [] }] } } },
        components: { securitySchemes: { key: { type: "apiKey", in: "header", name } } },
      }),
    );
  const { policy } = await keyed("api_key");
  assert.deepEqual([policy.apiKeys.header, policy.routes[0]?.allow[0]?.apiKeys], ["api_key", ["fill-in"]]);
  for (const name of ["Authorization", "Cookie", "X-Request-ID", "Content_Type", "x-postern-key", "a b", ""]) {
    const { policy: without, text } = await keyed(name);
    assert.deepEqual([without.apiKeys.keys, without.routes[0]?.allow[0]?.apiKeys], [[], []], name);
    assert.match(text, /# scheme key \(apiKey\) has no counterpart here: FILL IN who may/);
  }
});

test("a document without an operation gives no policy, and a path that stands elsewhere is named", () => {
  const elsewhere = `"/a": { "$ref": "paths.yaml#/~1b" }`;
  assert.throws(() => draftFromOpenApi(`{ "openapi": "3.1.0", "paths": { ${elsewhere} } }`, "f"), /no operation/);
  const { routes, notes } = draftFromOpenApi(
    `{ "openapi": "3.1.0", "paths": { ${elsewhere}, "/b": { "get": {} } } }`,
    "f",
  );
  assert.deepEqual([routes.length, notes], [1, ["/a was left out: it does not stand in the document ($ref)"]]);
});

test("what is no document of OpenAPI 3 is refused in words, and no file is overwritten", async () => {
  assert.throws(() => draftFromOpenApi("swagger: '2.0'", "f"), /Convert version 2/);
  assert.throws(() => draftFromOpenApi("{", "f"), /no YAML or JSON/);
  await writeFile(join(folder, "openapi.yaml"), document);
  const args = ["init", "--openapi", join(folder, "openapi.yaml"), "--out", join(folder, "policy.yaml")];
  assert.deepEqual([await main(args), await main(args), await main(["init"])], [0, 1, 2]);
});

test("of a policy for which there is no room nothing is left that would stand in the way of the next attempt", async () => {
  const [openapi, out] = [join(folder, "openapi.yaml"), join(folder, "no-room.yaml")];
  await writeFile(openapi, document);
  const command = ["scripts/postern.mjs", "init", "--openapi", openapi, "--out", out];
  const noRoom = 'ulimit -S -f 0 && exec "$0" "$@"';
  const { status, stderr } = spawnSync("sh", ["-c", noRoom, process.execPath, ...command], { encoding: "utf8" });
  assert.equal(status, 1, stderr);
  await assert.rejects(readFile(out), { code: "ENOENT" });
});

test("a document that gives more than a policy may have is not called done", async () => {
  const alternatives = Array.from({ length: 33 }, (_, index) => ({ staff: [`s${index}`] }));
  const file = join(folder, "large.yaml");
  const securitySchemes = { staff: { type: "http", scheme: "bearer" } };
  const paths = { "/a": { get: { security: alternatives } } };
  await writeFile(file, JSON.stringify({ openapi: "3.0.3", paths, components: { securitySchemes } }));
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  const out = join(folder, "large-policy.yaml");
  const code = await main(["init", "--openapi", file, "--out", out]).finally(() => {
    console.log = log;
  });
  assert.equal(code, 1);
  assert.match(lines.join("\n"), /no policy as they stand.*\n.*large-policy\.yaml:\d+:\d+: .*\[wrong_length\]/);
  assert.match(await readFile(out, "utf8"), /s32/);
});
