import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type DemoFolder, demoFolder } from "../../scripts/demo/folder.ts";
import { send } from "../../scripts/demo/send.ts";
import { scoringIsBack } from "../../scripts/demo/steps.ts";
import { tour } from "../../scripts/demo/tour.ts";
import { missingForContainers, type Service, startStack, type TestStack } from "../harness/containers.ts";
import { eventually } from "../harness/eventually.ts";
import { otherBundle } from "../models/other-bundle.ts";
import { ask, visits } from "../places/ask.ts";
import { type ForeignPolicy, makeForeignPolicy } from "../places/foreign-policy.ts";

const missing = await missingForContainers();

describe("the containers of envoy/compose.yaml", { skip: missing ?? false }, () => {
  let stack: TestStack;
  let folder = "";
  let demo: DemoFolder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compose-"));
    stack = await startStack();
    await stack.compose("cp", "gateway:/etc/postern", join(folder, "demo"));
    demo = await demoFolder(join(folder, "demo"));
  });
  after(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("none has a capability, a writable root or root's rights; together they have 1 processor and 512 MiB", async () => {
    const containers = await Promise.all((["gateway", "sidecar", "upstream"] as const).map(stack.inspect));
    for (const { Config, HostConfig } of containers) {
      assert.equal(Config.User, "65532:65532");
      assert.equal(HostConfig.ReadonlyRootfs, true);
      assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
      assert.equal(HostConfig.CapAdd ?? null, null);
      assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges:true"]);
    }
    const sum = (of: (one: (typeof containers)[number]) => number) =>
      containers.reduce((total, one) => total + of(one), 0);
    assert.ok(containers.every(({ HostConfig }) => HostConfig.NanoCpus > 0 && HostConfig.Memory > 0));
    assert.equal(
      sum(({ HostConfig }) => HostConfig.NanoCpus),
      1e9,
    );
    assert.equal(
      sum(({ HostConfig }) => HostConfig.Memory),
      512 * 1024 * 1024,
    );
  });

  test("Envoy sheds load before its container's memory is used up", async () => {
    const bootstrap = `JSON.parse(fs.readFileSync("/var/lib/postern/run/envoy.json", "utf8"))`;
    const monitor = JSON.parse(await inside("gateway", `${bootstrap}.overload_manager.resource_monitors[0]`));
    const { Memory } = (await stack.inspect("gateway")).HostConfig;
    assert.equal(monitor.typed_config.max_heap_size_bytes, Memory / 2);
  });

  test("the sidecar has no network but the loopback", async () => {
    assert.equal((await stack.inspect("sidecar")).HostConfig.NetworkMode, "none");
    assert.deepEqual(JSON.parse(await inside("sidecar", "Object.keys(os.networkInterfaces())")), ["lo"]);
  });

  test("its image has the store's native part for x86-64 and for arm64, whatever built it", async () => {
    const machineOf = (cpu: string) => `fs.readFileSync("inference-sidecar/lmdb-${cpu}.node").readUInt16LE(18)`;
    // ELF, e_machine: EM_X86_64, EM_AARCH64.
    assert.equal(await inside("sidecar", `[${machineOf("x64")}, ${machineOf("arm64")}]`), "[62,183]\n");
  });

  test("Envoy publishes the sidecar's metrics and, behind its token, the dashboard", async () => {
    const origin = `http://${await stack.port("gateway", 9191)}`;
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    assert.match(metrics, /^postern_sidecar_model_ready 1$/m);
    assert.equal((await fetch(origin)).status, 401);
    const token = /^dashboard .*\?token=(\S+)$/m.exec(await stack.compose("logs", "--no-log-prefix", "sidecar"))?.[1];
    const entered = await fetch(`${origin}/?token=${token}`, { redirect: "manual" });
    assert.equal(entered.status, 303);
    const cookie = String(entered.headers.get("set-cookie")).split(";")[0] ?? "";
    const page = await fetch(origin, { headers: { cookie } });
    assert.match(await page.text(), /<title>Postern: decisions<\/title>/);
  });

  test("the tour: every decision is the expected one, also after the sidecar was killed and has started again", async (t) => {
    t.diagnostic(`memory before the tour: ${await stack.memory()}`);
    const state = join(folder, "state");
    const rows = await tour({
      url: `https://${await stack.port("gateway", 8443)}`,
      folder: demo,
      killSidecar: async () => {
        // Its first process is the init process, which nothing inside can kill; the sidecar is that one's only child.
        const sidecar = `Number(fs.readFileSync("/proc/1/task/1/children", "utf8"))`;
        await inside("sidecar", `process.kill(${sidecar}, "SIGKILL")`).catch(() => undefined);
      },
      readState: async () => {
        await rm(state, { recursive: true, force: true });
        await stack.compose("cp", "sidecar:/var/lib/postern", state);
        return state;
      },
      arrived: async () => {
        const said = await stack.compose("logs", "--no-log-prefix", "upstream");
        const steps = said.split("\n").filter((line) => line.startsWith('{"arrived"'));
        return new Set(steps.map((line) => (JSON.parse(line) as { arrived: string }).arrived));
      },
    });
    assert.ok(rows.length > 20);
    assert.deepEqual(
      rows.filter(({ asExpected }) => !asExpected),
      [],
    );
    assert.equal((await stack.inspect("sidecar")).RestartCount, 1);
    await stack.untilHealthy();
    t.diagnostic(`memory after the tour: ${await stack.memory()}`);
    for (const service of ["gateway", "sidecar", "upstream"] as const) {
      assert.equal((await stack.inspect(service)).State.OOMKilled, false, service);
    }
  });

  test("killed all at once, they come up again with the decisions that were logged", async () => {
    const texts = `fs.readdirSync("/var/lib/postern/log").filter((name) => name.endsWith(".jsonl")).map((name) => fs.readFileSync("/var/lib/postern/log/" + name, "utf8"))`;
    const logged = async () => JSON.parse(await inside("sidecar", `${texts}.join("")`)) as string;
    // Without a line that is being written: the start cuts it off.
    const before = (await logged()).replace(/[^\n]*$/, "");
    await stack.compose("kill");
    await stack.compose("up", "--detach");
    await stack.untilHealthy();
    assert.ok(before.split("\n").length > 20);
    assert.ok((await logged()).startsWith(before), "what was logged is what the log begins with");
    const authority = await readFile(demo.authorityPath, "utf8");
    const url = `https://${await stack.port("gateway", 8443)}`;
    const status = () =>
      send(scoringIsBack, url, authority, demo).then(
        (answer) => answer.status,
        () => 0,
      );
    await eventually(status, (is) => is === scoringIsBack.expect.status, 120_000);
  });

  test("an operator's commands run beside the sidecar: tokens are revoked, decisions explained", async () => {
    const authority = await readFile(demo.authorityPath, "utf8");
    const url = `https://${await stack.port("gateway", 8443)}`;
    const token = await readFile(demo.tokenPath, "utf8");
    const order = { title: "order", path: "/orders/7", token, expect: scoringIsBack.expect };
    const answer = async () => (await send(order, url, authority, demo)).status;
    await eventually(answer, (status) => status === 200, 30_000);
    const { revocation, workers, current } = JSON.parse(
      await operator("revoke", "--iss", "https://issuer.demo", "--json"),
    );
    assert.ok(workers > 0 && current === workers, `${current} of ${workers}`);
    const refused = await send(order, url, authority, demo);
    assert.equal(refused.status, 401);
    await operator("revoke", "undo", revocation.id);
    assert.equal(await answer(), 200);
    assert.match(await operator("route", "list"), /read-orders/);
    const explained = async () => operator("explain", refused.decision).catch(() => "");
    await eventually(explained, (text) => /revoked/.test(text), 30_000);
    assert.match(await operator("log", "verify", ".postern"), /the log is whole/);
  });

  test("two models fit beside each other; where the second would not, it is refused and the first answers on", async (t) => {
    const other = join(folder, "other");
    const digest = await otherBundle(other);
    const place = `/var/lib/postern/models/${digest}`;
    await inside("sidecar", `fs.mkdirSync("${place}", { recursive: true })`);
    await stack.compose("cp", `${other}/.`, `sidecar:${place}`);
    const { Memory } = (await stack.inspect("sidecar")).HostConfig;
    const { RestartCount: restarts } = await stack.inspect("sidecar");
    await stack.limitMemory("sidecar", Memory - 64 * 1024 * 1024);
    assert.match(
      JSON.stringify(await load(digest)),
      /needs \d+ MiB of memory, and this process's limit leaves \d+ MiB/,
    );
    await stack.limitMemory("sidecar", Memory);
    const { loaded } = await load(digest);
    assert.ok(loaded?.length === 2 && loaded.includes(digest), String(loaded));
    await operator("route", "list");
    t.diagnostic(`memory with two models: ${await stack.memory()}`);
    const { State, RestartCount } = await stack.inspect("sidecar");
    assert.deepEqual([State.OOMKilled, RestartCount], [false, restarts]);
  });

  /** An operator's command in the sidecar's container. */
  function operator(...command: readonly string[]): Promise<string> {
    return stack.compose("exec", "--no-TTY", "sidecar", "/nodejs/bin/node", "postern.mjs", ...command);
  }

  /** What the gateway has the sidecar do before it puts a filter with another bundle in force. */
  async function load(bundle: string): Promise<{ readonly loaded?: readonly string[] }> {
    const target = `{ socketPath: "/var/lib/postern/run/sidecar-admin.sock", path: "/model/load", method: "POST" }`;
    const script = `require("http").request(${target}, (answer) => answer.pipe(process.stdout)).end('{"bundle":"${bundle}"}')`;
    return JSON.parse(await stack.compose("exec", "--no-TTY", "sidecar", "/nodejs/bin/node", "--eval", script));
  }

  /** Runs JavaScript in a container; gives the value of the expression, as JSON. */
  function inside(service: Service, expression: string): Promise<string> {
    const script = `console.log(JSON.stringify(${expression}))`;
    return stack.compose("exec", "--no-TTY", service, "/nodejs/bin/node", "--eval", script);
  }
});

/** A policy of many hundreds of routes fits into the gateway's memory, also while it changes. */
const manyRoutes = Array.from(
  { length: 1500 },
  (_, i) => `  - { name: more-${i}, match: { methods: [GET], path: "/more/${i}/{id}" }, allow: [{ issuer: shop }] }\n`,
).join("");

/** Of the images that the shipped stack has built. */
describe("the containers that are rendered for a policy of one's own", { skip: missing ?? false }, () => {
  let place: ForeignPolicy;
  let stack: TestStack;
  before(async () => {
    place = await makeForeignPolicy();
    // From here requests come by the address of docker's bridge; the containers' user is nobody's.
    const policy = (await readFile(place.path, "utf8")).replace('networks: ["127.0.0.0/8"]', 'networks: ["0.0.0.0/0"]');
    await writeFile(place.path, policy + manyRoutes);
    for (const folder of [place.folder, join(place.folder, "tls")]) await chmod(folder, 0o755);
    const out = await place.render("compose", "compose", "--upstream", "http://stock:8080");
    const upstream = join(out, "upstream.yaml");
    const services = { stock: { image: "postern/demo", networks: ["inside"] } };
    await writeFile(upstream, JSON.stringify({ services }));
    stack = await startStack({ name: "rendered", files: [join(out, "compose.yaml"), upstream] });
  });
  after(async () => {
    await stack?.stop();
    await place?.remove();
  });

  test("come up, decide as it says, and take a change of it without a restart", async () => {
    const port = Number((await stack.port("gateway", 8443)).split(":").at(-1));
    for (const [wish, status, reason] of await visits(place)) {
      const told = await eventually(
        () => ask(place, port, wish),
        (answer) => answer.status !== 503,
        60_000,
      );
      // What is let in gets the demo's answer.
      assert.deepEqual([told.status, status === 200 || told.reason], [status, status === 200 || reason], wish.path);
    }
    const { State } = await stack.inspect("gateway");
    const policy = await readFile(place.path, "utf8");
    await writeFile(place.path, policy.replace("mode: prevent\n    allow", "mode: observe\n    allow"));
    await eventually(
      async () => (await ask(place, port, { path: "/shelves/7" })).status,
      (status) => status === 200,
      60_000,
    );
    assert.equal((await stack.inspect("gateway")).State.Pid, State.Pid);
  });
});
