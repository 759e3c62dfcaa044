import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfiguration, readConfiguration } from "../../inference-sidecar/src/config.ts";

const token = "x".repeat(32);
const least = {
  socketPath: "/state/run/sidecar.sock",
  stateDirectory: "/state",
  bundleDirectory: "/bundle",
  dashboard: { port: 9191, token },
};
const parse = (changes: object) => parseConfiguration(JSON.stringify({ ...least, ...changes }));

test("defaults are filled in and everything is frozen", () => {
  const configuration = parse({});
  assert.deepEqual(configuration.dashboard.address, { host: "127.0.0.1", port: 9191 });
  assert.equal(configuration.limits.windowsPerCall, 16);
  assert.equal(configuration.limits.windowBytes, 256);
  assert.equal(configuration.limits.scoreMessageBytes, 65_536);
  assert.equal(configuration.limits.reportMessageBytes, 4_194_304);
  assert.equal(configuration.log.rotationBytes, 16 * 1024 * 1024);
  for (const part of [
    configuration,
    configuration.dashboard,
    configuration.dashboard.address,
    configuration.limits,
    configuration.log,
  ]) {
    assert.equal(Object.isFrozen(part), true);
  }
});

test("each mistake is named by its field and by what was expected", () => {
  const mistakes: [object, RegExp][] = [
    [{ socketpath: "/x" }, /socketpath: unknown field; known are socketPath/],
    [{ limits: { windows: 3 } }, /limits\.windows: unknown field/],
    [{ dashboard: { ...least.dashboard, user: "x" } }, /dashboard\.user: unknown field/],
    [{ socketPath: "run/sidecar.sock" }, /socketPath: expected an absolute path/],
    [{ socketPath: `/${"x".repeat(100)}` }, /socketPath: at most 100 bytes/],
    [{ stateDirectory: 3 }, /stateDirectory: expected an absolute path/],
    [{ dashboard: undefined }, /dashboard: expected an object/],
    [{ dashboard: { ...least.dashboard, host: "0.0.0.0" } }, /dashboard\.host: expected a loopback address/],
    [{ dashboard: { ...least.dashboard, host: "127.0.0.1.evil.example" } }, /dashboard\.host/],
    [{ dashboard: { ...least.dashboard, port: 65_536 } }, /dashboard\.port: expected a whole number from 0 to 65535/],
    [
      { dashboard: { ...least.dashboard, socketPath: "/state/run/d.sock" } },
      /dashboard\.socketPath: expected it alone/,
    ],
    [{ dashboard: { socketPath: "d.sock", token } }, /dashboard\.socketPath: expected an absolute path/],
    [{ dashboard: { socketPath: `/${"x".repeat(100)}`, token } }, /dashboard\.socketPath: at most 100 bytes/],
    [{ dashboard: { ...least.dashboard, token: "short" } }, /dashboard\.token: expected 32 to 128/],
    [{ limits: { windowsPerCall: 17 } }, /limits\.windowsPerCall: expected a whole number from 1 to 16/],
    [{ limits: { drainMs: 1.5 } }, /limits\.drainMs/],
    [{ log: { rotationBytes: "64MiB" } }, /log\.rotationBytes/],
    [{ limits: [] }, /limits: expected an object/],
  ];
  for (const [changes, message] of mistakes) {
    assert.throws(() => parse(changes), { code: "configuration", exitCode: 2, message }, JSON.stringify(changes));
  }
  for (const text of ["", "null", "[]", "{", '"x"'])
    assert.throws(() => parseConfiguration(text), { code: "configuration" });
});

test("the token is never part of a message", () => {
  const secret = `${"s".repeat(40)}!`;
  assert.throws(
    () => parse({ dashboard: { port: 1, token: secret } }),
    (error: Error) => !error.message.includes(secret),
  );
});

test("the file must be this user's alone, a file, and no symbolic link", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "postern-config-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "sidecar.json");
  await writeFile(path, JSON.stringify(least), { mode: 0o600 });
  assert.equal((await readConfiguration(path)).stateDirectory, "/state");
  await chmod(path, 0o640);
  await assert.rejects(readConfiguration(path), { code: "configuration", message: /chmod 600/ });
  await chmod(path, 0o600);
  await symlink(path, join(folder, "link.json"));
  await assert.rejects(readConfiguration(join(folder, "link.json")), { code: "configuration" });
  await assert.rejects(readConfiguration(folder), { code: "configuration" });
  await assert.rejects(readConfiguration(join(folder, "absent.json")), {
    code: "configuration",
    message: /absent\.json/,
  });
});
