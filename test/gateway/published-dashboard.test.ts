import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dashboardListener, dashboardPipeCluster } from "../../envoy/render/dashboard.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";
import { type RunningSidecar, startSidecar, temporaryFolder, token } from "../sidecar/harness.ts";

let state = "";
let socketPath = "";
let sidecar: RunningSidecar;
let envoy: TestEnvoy;
let origin = "";

before(async () => {
  state = await temporaryFolder();
  await mkdir(join(state, "run"), { mode: 0o750 });
  socketPath = join(state, "run", "dashboard.sock");
  const plan = { listen: { host: "127.0.0.1", port: 0 }, socket: socketPath };
  [sidecar, envoy] = await Promise.all([
    startSidecar({ state, dashboard: { socketPath } }),
    startEnvoy(() => ({
      static_resources: { listeners: [dashboardListener(plan)], clusters: [dashboardPipeCluster(plan)] },
    })),
  ]);
  await sidecar.event("listening");
  origin = `http://127.0.0.1:${await envoy.port("dashboard")}`;
});
after(async () => {
  await envoy?.stop();
  await sidecar?.stop();
});

test("the dashboard's socket is open to nobody but the sidecar's user and group", async () => {
  assert.equal((await sidecar.event("listening")).dashboard, socketPath);
  assert.equal((await stat(socketPath)).mode & 0o777, 0o660);
});

test("through Envoy it asks for its token, checks the host, streams its events and serves the metrics", async () => {
  assert.equal((await fetch(origin)).status, 401);
  assert.equal((await fetch(`${origin}/?token=${token}x`)).status, 401);
  const entered = await fetch(`${origin}/?token=${token}`, { redirect: "manual" });
  const cookie = String(entered.headers.get("set-cookie")).split(";")[0] ?? "";
  assert.equal(cookie.split("=")[0], `postern_${new URL(origin).port}`);
  assert.equal((await fetch(origin, { headers: { cookie } })).status, 200);
  const events = await fetch(`${origin}/events`, { headers: { cookie } });
  const first = await events.body?.getReader().read();
  assert.match(Buffer.from(first?.value as Uint8Array).toString(), /^data: \{/);
  assert.match(await (await fetch(`${origin}/metrics`)).text(), /^postern_sidecar_model_ready /m);
});

test("killed and started again, the sidecar takes the place of the socket that was left behind", async () => {
  sidecar.child.kill("SIGKILL");
  await sidecar.exit();
  assert.ok(existsSync(socketPath));
  await assert.rejects(fetch(`${origin}/metrics`));
  sidecar = await startSidecar({ state, dashboard: { socketPath } });
  await sidecar.event("listening");
  await eventually(
    () =>
      fetch(`${origin}/metrics`).then(
        ({ status }) => status,
        () => 0,
      ),
    (status) => status === 200,
  );
  sidecar.child.kill("SIGTERM");
  await sidecar.exit();
  assert.equal(existsSync(socketPath), false);
});
