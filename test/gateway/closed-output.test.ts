import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../harness/eventually.ts";
import { freePort } from "../harness/free-port.ts";
import { runPostern } from "../harness/gateway.ts";
import { startRecordingUpstream } from "../harness/upstream.ts";

const LINES = 5_000;

test("a command whose reader has seen enough goes on to its exit code", async (t) => {
  const state = await mkdtemp(join(tmpdir(), "unread-"));
  t.after(() => rm(state, { recursive: true, force: true }));
  await mkdir(join(state, "log"));
  const [common, score] = [{ v: 1, prev: "", time: "2026-01-31T08:00:00.000Z", effect: "permit" }, { by: "nothing" }];
  const lines = Array.from({ length: LINES }, (_, n) => ({
    ...{ ...common, score, n, id: n.toString(16).padStart(32, "0"), response: null },
    ...{ method: "GET", route: "r", rung: "detect", reason: "permitted", wouldDeny: null },
  }));
  await writeFile(
    join(state, "log", "decisions-2026-01-31-1.jsonl"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  const { child, output, ended } = runPostern(["log", "show", "--state", state, "--limit", String(LINES)]);
  child.stdout?.once("data", () => child.stdout?.destroy());
  assert.equal(await ended, 0, output().slice(-500));
});

test("a gateway goes on when nobody reads any more what it says", { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "unread-"));
  const upstream = await startRecordingUpstream();
  const port = await freePort();
  const policyPath = join(folder, "policy.yaml");
  const policy = (path: string) =>
    writeFile(policyPath, `version: 1\nroutes: [{ name: one, match: { path: ${path} }, public: true, score: off }]\n`);
  await policy("/before");
  const { child, output, ended } = runPostern([
    ...["up", "--upstream", upstream.url.origin, "--policy", policyPath, "--state", join(folder, "state")],
    ...["--listen", `127.0.0.1:${port}`, "--dashboard", "127.0.0.1:0", "--concurrency", "1"],
  ]);
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await eventually(output, (text) => text.includes("ready;"), 90_000);
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  const status = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.arrayBuffer();
    return response.status;
  };
  // Each change is told.
  for (const path of ["/first", "/second"]) {
    await policy(path);
    await eventually(
      () => status(path),
      (found) => found === 200,
    );
  }
  assert.equal(child.exitCode, null);
});

/** A command whose standard output is a file on a disk that is full. */
async function spawnOnFullDisk(args: readonly string[]) {
  const full = await open("/dev/full", "w");
  const child = spawn(process.execPath, ["scripts/postern.mjs", ...args], { stdio: ["ignore", full.fd, "pipe"] });
  await full.close();
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  return { child, said: () => said, ended: once(child, "close") };
}

test("a command that has no room for what it says tells that in one line, and fails", async () => {
  for (const args of [["--help"], ["check", "--help"], ["check", "test/fixtures/none.yaml"]]) {
    const { said, ended } = await spawnOnFullDisk(args);
    assert.deepEqual(await ended, [1, null], said());
    assert.equal(said(), "postern: standard output can't be written: the disk is full\n");
  }
});

test("a gateway goes on when the disk is full to which it writes what it says", { timeout: 120_000 }, async (t) => {
  const state = await mkdtemp(join(tmpdir(), "unsaid-"));
  const upstream = await startRecordingUpstream();
  const port = await freePort();
  const { child, said, ended } = await spawnOnFullDisk([
    ...["up", "--upstream", upstream.url.origin, "--state", state, "--listen", `127.0.0.1:${port}`],
    ...["--dashboard", "127.0.0.1:0", "--concurrency", "1"],
  ]);
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    await upstream.stop();
    await rm(state, { recursive: true, force: true });
  });
  const told = await eventually(said, (text) => text !== "", 90_000);
  assert.equal(told, "postern: standard output can't be written: the disk is full\n");
  const asked = () => fetch(`http://127.0.0.1:${port}/`).then(({ status }) => status, String);
  await eventually(asked, (found) => found === 200);
  assert.equal(child.exitCode, null);
});
