import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../harness/eventually.ts";
import { runPostern } from "../harness/gateway.ts";

const run = promisify(execFile);

test("the demo's tour: every decision is the expected one, and nothing is left running", async () => {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  try {
    const { output, ended, members } = runPostern(["start", "--check", "--state", join(folder, "state")]);
    assert.equal(await ended, 0, output());
    assert.match(output(), /^\d+ decisions, all as expected$/m);
    assert.doesNotMatch(output(), /try:|Ctrl-C/, "it ends by itself");
    assert.deepEqual(await members(), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the lines to try can be given as they are printed, whatever the state folder is called", async () => {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  const { child, output, ended } = runPostern(["start", "--state", join(folder, "the state")]);
  try {
    await eventually(
      () => (child.exitCode === null ? output() : "Ctrl-C"),
      (text) => text.includes("Ctrl-C"),
      60_000,
    );
    const tried = [...output().matchAll(/^ {2}(curl .*)$/gm)].map(([, line]) => line as string);
    assert.equal(tried.length, 3, output());
    const statuses: string[] = [];
    for (const line of tried)
      statuses.push((await run("bash", ["-c", `${line} -s -o /dev/null -w '%{http_code}'`])).stdout);
    assert.deepEqual(statuses, ["401", "200", "403"], output());
    const [, explain = ""] = /`npm run -s postern -- explain ID (.*)`/.exec(output()) ?? [];
    assert.equal(
      (await run("bash", ["-c", `printf %s ${explain}`])).stdout,
      `--state${relative("", join(folder, "the state"))}`,
    );
  } finally {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});
