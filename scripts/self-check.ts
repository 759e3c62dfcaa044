import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { optionalTests } from "../test/harness/optional-tools.ts";
import { buildCore } from "./build/core.ts";
import { buildFilter } from "./build/filter.ts";
import { buildSidecar } from "./build/sidecar.ts";
import { findEnvoy } from "./gateway/envoy-binary.ts";
import { projectRoot } from "./project-root.ts";

/** Test files that run at the same time: each starts processes of its own. */
const concurrency = 2;
/** One test file may not take longer (the containers are built in one); a hung one is a failure. */
const fileMillis = 600_000;

/**
 * `npm test`: builds, then format and lint, types, unused code, every test. Arguments are test files to run alone.
 * Gives 0 only if every part passed; a part that fails does not keep the others from running.
 */
export async function selfCheck(files: readonly string[]): Promise<number> {
  const report = (line: string) => process.stdout.write(`${line}\n`);
  await Promise.all([buildFilter(report), buildCore(), buildSidecar(), findEnvoy(report)]);
  const failed: string[] = [];
  const step = async (name: string, args: readonly string[]) => {
    report(`── ${name}`);
    if ((await runNode(args)) !== 0) failed.push(name);
  };
  if (files.length === 0) {
    await step("format and lint", [inModules("@biomejs/biome/bin/biome"), "check"]);
    await step("types", [inModules("typescript/bin/tsc"), "-p", "."]);
    await step("unused code", [inModules("knip/bin/knip.js"), "--no-progress"]);
  }
  const testFiles = files.length > 0 ? files : await allTests();
  await step("tests", [
    "--import",
    "tsx",
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileMillis}`,
    ...testFiles,
  ]);
  for (const { tests, missing } of await optionalTests()) {
    if (missing !== null) report(`skipped: ${tests}, because ${missing}`);
  }
  report(failed.length === 0 ? "everything passed" : `FAILED: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

function inModules(path: string): string {
  return join("node_modules", path);
}

async function allTests(): Promise<string[]> {
  const found = await readdir(join(projectRoot, "test"), { recursive: true });
  return found
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join("test", file))
    .sort();
}

function runNode(args: readonly string[]): Promise<number> {
  return new Promise((done, refuse) => {
    const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: "inherit" });
    child.once("error", refuse);
    child.once("exit", (code) => done(code ?? 1));
  });
}
