import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { missingForSystemd } from "../harness/optional-tools.ts";

const run = promisify(execFile);
/** Tenths, of 100: what systemd itself calls OK ends at 49. */
const exposureMost = 20;

describe("the systemd unit", { skip: missingForSystemd() ?? false }, () => {
  /** `systemd-analyze` on the unit after a change of its text. */
  async function analyze(args: readonly string[], change: (unit: string) => string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "unit-"));
    const path = join(folder, "postern.service");
    // Its program must be there: the one of this machine.
    const unit = (await readFile("envoy/systemd/postern.service", "utf8")).replace("/usr/bin/node", process.execPath);
    try {
      await writeFile(path, change(unit));
      const { stderr } = await run("systemd-analyze", ["--man=no", ...args, path]);
      assert.equal(stderr, "");
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const unchanged = (unit: string) => unit;
  const security = ["security", "--offline=true", "--no-pager", `--threshold=${exposureMost}`];

  test("has no line that systemd would not understand", async () => {
    await analyze(["verify"], unchanged);
    await assert.rejects(analyze(["verify"], (unit) => unit.replace("ProtectSystem=", "ProtektSystem=")));
  });

  test("refuses system calls with an error: V8 and Envoy's allocator make some beyond the list, and need none of them", async () => {
    const unit = await readFile("envoy/systemd/postern.service", "utf8");
    assert.match(unit, /^SystemCallFilter=@system-service$/m);
    assert.match(unit, /^SystemCallErrorNumber=EPERM$/m);
  });

  test("leaves the service little that it could do to its machine", async () => {
    await analyze(security, unchanged);
    await assert.rejects(analyze(security, (unit) => unit.replace("CapabilityBoundingSet=\n", "")));
  });
});
