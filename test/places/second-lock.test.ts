import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { routesOverlap } from "../../envoy/render/route-match.ts";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { main } from "../../scripts/cli.ts";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";

const run = promisify(execFile);
/** What a thousand routes take in Envoy's configuration, where they share no request. */
const mostBytes = 8 * 1024 * 1024;
let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Renders the policy with the lock and has Envoy read it; gives the bytes that it takes. */
async function locked(policy: object): Promise<number> {
  const [path, out] = [join(folder, "policy.yaml"), join(folder, "envoy")];
  await writeFile(path, JSON.stringify({ version: 1, mode: "detect", ...policy }));
  assert.equal(await main(["render", path, "--target", "envoy", "--out", out, "--second-lock"]), 0);
  const config = join(out, "envoy.json");
  const binary = await findEnvoy(() => undefined);
  await run(binary, ["--mode", "validate", "--config-path", config, "--log-level", "error"]);
  return (await stat(config)).size;
}

test("Envoy takes the lock of a policy that observes and has no routes", async () => {
  await locked({ mode: "observe", routes: [] });
});

test("an issuer whose keys have an exponent that Envoy refuses is let pass", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 4_294_967_291 });
  const jwks = { inline: { keys: [publicKey.export({ format: "jwk" })] } };
  const issuer = { name: "a", issuer: "https://a.example", audiences: ["a"], algorithms: ["RS256"], jwks };
  const routes = [{ name: "all", match: { path: "/**" }, allow: [{ issuer: "a" }] }];
  await locked({ identity: { issuers: [issuer] }, routes });
});

test("a thousand routes of different hosts, or methods, make no exceptions of each other", async () => {
  const methods = ["GET", "POST", "PUT", "DELETE"];
  const routes = Array.from({ length: 1_000 }, (_, i) => ({
    name: `route-${i}`,
    match: { hosts: [`shop-${i >> 2}.example`], methods: [methods[i & 3]], path: "/**" },
    public: true,
  }));
  assert.ok((await locked({ routes })) < mostBytes);
});

test("routes overlap where some request may fit both", () => {
  const route = (path: string, hosts: string[] = [], methods = METHODS) => ({ path, hosts, methods });
  const shop = route("/shop/{id}", ["*.shop.example"]);
  for (const other of [
    route("/**"),
    route("/{any}/7"),
    route("/shop/7", ["a.shop.example"]),
    route("/shop/7", ["*.b.shop.example"]),
    route("/shop/7", ["*.example", "other.example"]),
    route("/shop/{id}", ["*.shop.example"], ["TRACE"]),
  ])
    assert.ok(routesOverlap(shop, other) && routesOverlap(other, shop), JSON.stringify(other));
  for (const other of [
    route("/shops/{id}"),
    route("/shop"),
    route("/shop/7", ["shop.example"]),
    route("/shop/7", ["a.workshop.example"]),
  ])
    assert.ok(!routesOverlap(shop, other) && !routesOverlap(other, shop), JSON.stringify(other));
  assert.ok(!routesOverlap(route("/a", [], ["GET"]), route("/a", [], ["HEAD", "POST"])));
});
