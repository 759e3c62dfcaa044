import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PolicyGate } from "../../inference-sidecar/src/ext-authz/policy-gate.ts";
import { eventually } from "../harness/eventually.ts";

test("a changed policy that could not be followed, as on a full disk, is in force once it can be", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gate-"));
  const policyPath = join(folder, "policy.yaml");
  const write = (path: string) =>
    writeFile(policyPath, `version: 1\nroutes: [{ name: one, match: { path: ${path} }, public: true }]\n`);
  let failures = 0;
  const follow = async () => {
    if (failures-- > 0) throw new Error("ENOSPC: no space left on device");
  };
  const core = { openGate: () => ({ close: () => undefined }), rememberProofs: () => undefined };
  await write("/a");
  const gate = await PolicyGate.open({ core, policyPath, calibration: null, assertions: { follow } } as never);
  const { digest: first } = gate.current;
  try {
    failures = 1;
    await write("/b");
    await eventually(
      () => gate.current.digest,
      (digest) => digest !== first,
      15_000,
    );
  } finally {
    await gate.close();
    await rm(folder, { recursive: true, force: true });
  }
});
