import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findOnPath } from "../../scripts/find-on-path.ts";
import { type Program, Supervised } from "../../scripts/gateway/supervisor.ts";
import { eventually } from "../harness/eventually.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "supervisor-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function program(name: string, source: string): Program {
  return {
    name,
    command: process.execPath,
    args: ["--eval", source],
    cwd: folder,
    env: process.env,
    logFile: join(folder, `${name}.log`),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a program without a log file of its own says on this process's output why it did not start", async () => {
  const silent = { ...program("silent", "process.exit(3)"), logFile: null };
  const supervised = await Supervised.start(silent, () => undefined);
  try {
    await eventually(
      () => supervised.ended,
      (ended) => ended,
    );
    assert.equal((await supervised.failure()).message, "silent did not start; what it said stands above.");
  } finally {
    await supervised.stop();
  }
});

test("a process that is killed is started again, and says so; stop ends it for good", async () => {
  const said: string[] = [];
  const supervised = await Supervised.start(program("worker", "setInterval(() => {}, 1000)"), (line) =>
    said.push(line),
  );
  try {
    const first = supervised.pid as number;
    assert.ok(isAlive(first));
    assert.equal(supervised.ended, false);
    process.kill(first, "SIGKILL");
    const second = (await eventually(
      () => supervised.pid,
      (pid) => pid !== null && pid !== first,
    )) as number;
    assert.equal(supervised.ended, true);
    assert.match(said.join("\n"), /worker ended \(killed by SIGKILL\): starting it again in 100 ms/);
    await supervised.stop();
    assert.equal(isAlive(second), false);
    assert.equal(supervised.pid, null);
  } finally {
    await supervised.stop();
  }
});

test("a process whose log can't be opened is started again once it can, and nothing else ends", async () => {
  const said: string[] = [];
  const logs = join(folder, "logs");
  await mkdir(logs);
  const worker = { ...program("logged", "setInterval(() => {}, 1000)"), logFile: join(logs, "logged.log") };
  const supervised = await Supervised.start(worker, (line) => said.push(line));
  try {
    const first = supervised.pid as number;
    await rm(logs, { recursive: true });
    process.kill(first, "SIGKILL");
    await eventually(
      () => said.join("\n"),
      (text) => text.includes("logged could not be started (ENOENT"),
    );
    await mkdir(logs);
    await eventually(
      () => supervised.pid,
      (pid) => pid !== null && pid !== first,
    );
  } finally {
    await supervised.stop();
  }
});

test("a process that can't stay up is started again ever more slowly, and its own words are the failure", async () => {
  const said: string[] = [];
  const source = "console.error('no such bundle'); process.exit(3)";
  const supervised = await Supervised.start(program("broken", source), (line) => said.push(line));
  try {
    await eventually(
      () => said.length,
      (count) => count >= 3,
    );
    assert.match(said[0] ?? "", /exit code 3.* in 100 ms/);
    assert.match(said[1] ?? "", /in 200 ms/);
    assert.match(said[2] ?? "", /in 400 ms/);
    assert.match((await supervised.failure()).message, /broken did not start[\s\S]*no such bundle[\s\S]*broken\.log/);
  } finally {
    await supervised.stop();
  }
  const before = said.length;
  await eventually(
    () => supervised.pid,
    (pid) => pid === null,
  );
  assert.equal(said.length, before, "nothing was started after stop");
});

test("a program that ends without a word is said to have said nothing", async () => {
  const supervised = await Supervised.start(program("mute", "process.kill(process.pid, 'SIGKILL')"), () => {});
  try {
    await eventually(
      () => supervised.ended,
      (ended) => ended,
    );
    assert.match(
      (await supervised.failure()).message,
      /^mute did not start, and said nothing\. Try again; .*mute\.log/,
    );
  } finally {
    await supervised.stop();
  }
});

test("a program that does not exist is a failure with its name, not a crash", async () => {
  const said: string[] = [];
  const missing = { ...program("missing", ""), command: join(folder, "nowhere") };
  const supervised = await Supervised.start(missing, (line) => said.push(line));
  try {
    await eventually(
      () => said.length,
      (count) => count > 0,
    );
    assert.match(said[0] ?? "", /^missing ended/);
  } finally {
    await supervised.stop();
  }
});

test("a process that ignores SIGTERM is killed after the grace period", async () => {
  const source = "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)";
  const supervised = await Supervised.start(program("deaf", source), () => {});
  const pid = supervised.pid as number;
  await eventually(
    () => readFile(join(folder, "deaf.log"), "utf8"),
    (text) => text.includes("deaf"),
  );
  await supervised.stop();
  assert.equal(isAlive(pid), false);
});

test("what is supervised ends with its supervisor, even one that is killed", {
  skip: findOnPath("setpriv") === null && "setpriv (util-linux) is not on PATH",
}, async () => {
  const child = join(folder, "child.pid");
  const worker = `require("fs").writeFileSync(${JSON.stringify(child)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const module = new URL("../../scripts/gateway/supervisor.ts", import.meta.url).href;
  const source = `
    import { Supervised } from ${JSON.stringify(module)};
    await Supervised.start({ ...${JSON.stringify({ ...program("child", worker), env: {} })}, env: process.env }, () => {});`;
  const supervisor = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", source]);
  const pid = Number(
    await eventually(
      () => readFile(child, "utf8").catch(() => ""),
      (text) => text !== "",
    ),
  );
  supervisor.kill("SIGKILL");
  await eventually(
    () => isAlive(pid),
    (alive) => !alive,
  );
});
