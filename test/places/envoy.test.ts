import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { main } from "../../scripts/cli.ts";
import { findEnvoy } from "../../scripts/gateway/envoy-binary.ts";
import { replaceFile } from "../../scripts/replace-file.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { otherBytes } from "../harness/other-bytes.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { ask, visits } from "./ask.ts";
import { type ForeignPolicy, makeForeignPolicy, readJson } from "./foreign-policy.ts";
import { startRenderedSidecar } from "./rendered-sidecar.ts";

const run = promisify(execFile);
let place: ForeignPolicy;
let upstream: RecordingUpstream;
let out = "";
let envoy: TestEnvoy | null = null;

before(async () => {
  place = await makeForeignPolicy();
  upstream = await startRecordingUpstream();
  out = await render();
});

after(async () => {
  await envoy?.stop();
  await upstream?.stop();
  await place?.remove();
});

const render = () =>
  place.render("envoy", "envoy", "--upstream", upstream.url.origin, "--listen", "127.0.0.1:0", "--second-lock");

async function started(makeBootstrap: () => Promise<object>): Promise<number> {
  await envoy?.stop();
  envoy = await startEnvoy(makeBootstrap);
  return envoy.port("edge");
}

for (const file of ["envoy.json", "dynamic/bootstrap.json"]) {
  test(`Envoy accepts ${file}`, async () => {
    const binary = await findEnvoy(() => {});
    const { stderr } = await run(binary, [
      "--mode",
      "validate",
      "--config-path",
      join(out, file),
      "--log-level",
      "warning",
    ]);
    assert.doesNotMatch(stderr, /deprecated/i);
  });
}

test("the static file decides as the policy says", async () => {
  const port = await started(() => readJson(join(out, "envoy.json")));
  for (const [wish, status, reason] of await visits(place)) {
    const told = await ask(place, port, wish);
    assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
    assert.match(told.decision, /^[0-9a-f]{32}$/);
  }
});

test("commands find the rendered sidecar by its state folder, as they do the log", async () => {
  const sidecar = await startRenderedSidecar(out);
  try {
    assert.equal(await main(["revoke", "--sub", "ada", "--state", join(out, "state"), "--json"]), 0);
    assert.equal(await main(["log", "verify", join(out, "state")]), 0);
  } finally {
    sidecar.kill();
    await once(sidecar, "exit");
  }
});

test("the second lock alone keeps whom token and privilege do not let in, and nobody else", async () => {
  const port = await started(async () => withoutFilter(await readJson(join(out, "envoy.json"))));
  for (const [wish, status, reason] of await visits(place)) {
    const told = await ask(place, port, wish);
    const locked = reason === "unauthenticated" || reason === "forbidden";
    assert.equal(told.status, locked ? 403 : 200, `${JSON.stringify(wish)}, ${status}`);
    assert.equal(told.decision, "");
  }
});

const withoutIpv6 = Object.values(networkInterfaces()).every((all) => all?.every(({ family }) => family !== "IPv6"));

test("who listens on [::] is reached by IPv4 as well", { skip: withoutIpv6 && "no IPv6 on this machine" }, async () => {
  const all = await place.render("envoy", "all", "--upstream", upstream.url.origin, "--listen", "[::]:0");
  const port = await started(() => readJson(join(all, "envoy.json")));
  assert.equal((await ask(place, port, { path: "/alive" })).status, 200);
});

test("rendered again, dynamic files put a policy in force without a restart; a wrong one leaves the last good", async () => {
  const port = await started(() => readJson(join(out, "dynamic", "bootstrap.json")));
  const status = async (path: string) => (await ask(place, port, { path })).status;
  const pid = envoy?.pid;
  assert.equal(await status("/alive"), 200);
  assert.equal(await status("/shelves/7"), 401);
  const policy = await readFile(place.path, "utf8");
  await writeFile(place.path, policy.replace("mode: prevent\n    allow", "mode: observe\n    allow"));
  await render();
  await eventually(
    () => status("/shelves/7"),
    (now) => now === 200,
  );
  const ecds = join(out, "dynamic", "ecds.json");
  await replaceFile(ecds, (await readFile(ecds, "utf8")).replace(/"value": "[^"]+"/, '"value": "AAAA"'));
  const refused = () => (envoy as TestEnvoy).stat("extension_config_discovery.http_filter.postern.config_fail");
  await eventually(refused, (count) => count > 0);
  await writeFile(place.path, policy);
  assert.equal(await status("/shelves/7"), 200);
  await render();
  await eventually(
    () => status("/shelves/7"),
    (now) => now === 401,
  );
  assert.equal(envoy?.pid, pid);
});

test("another module at the same place is in force without a restart as well", async () => {
  const port = await started(() => readJson(join(out, "dynamic", "bootstrap.json")));
  const ecds = join(out, "dynamic", "ecds.json");
  const machines = () => (envoy as TestEnvoy).stat("wasm.envoy.wasm.runtime.v8.created");
  const [before, module, config] = await Promise.all([
    machines(),
    readFile(join(out, "postern.wasm")),
    readFile(ecds, "utf8"),
  ]);
  await replaceFile(join(out, "postern.wasm"), otherBytes(module));
  await replaceFile(ecds, config.replace(/"POSTERN_MODULE": "[^"]+"/, `"POSTERN_MODULE": "${"ab".repeat(32)}"`));
  await eventually(machines, (count) => count > before);
  const decided = async (path: string) => (await ask(place, port, { path })).status;
  assert.equal(await decided("/alive"), 200);
  assert.equal(await decided("/shelves/7"), 401);
});

/** The same Envoy without Postern's filter. */
function withoutFilter(bootstrap: Record<string, unknown>): object {
  return JSON.parse(JSON.stringify(bootstrap), (key, value) =>
    key === "http_filters" ? (value as { name: string }[]).filter(({ name }) => name !== "postern") : value,
  );
}
