import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { optionalTests } from "../test/harness/optional-tools.ts";
import { buildCore } from "./build/core.ts";
import { buildFilter } from "./build/filter.ts";
import { buildSidecar } from "./build/sidecar.ts";
import { findEnvoy } from "./gateway/envoy-binary.ts";
import { projectRoot } from "./project-root.ts";

/** Test files that run at the same time: each starts processes of its own. */
const concurrency = 2;
/**
 * So many failed files are run once more, alone: a machine that stands still for seconds breaks deadlines that the product
 * keeps to the millisecond. What fails then, or passed only then, is named.
 */
const mostAgain = 4;
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
  report("── tests");
  const broken = await failing(files.length > 0 ? files : await allTests(), concurrency);
  const again = files.length === 0 && broken.length <= mostAgain ? broken : [];
  if (again.length > 0) report(`── again, alone: ${again.join(" ")}`);
  const lasting = again.length > 0 ? await failing(again, 1) : broken;
  if (lasting.length > 0) failed.push("tests");
  for (const file of again) if (!lasting.includes(file)) report(`passed only when it was run again, alone: ${file}`);
  for (const { tests, missing } of await optionalTests()) {
    if (missing !== null) report(`skipped: ${tests}, because ${missing}`);
  }
  report(failed.length === 0 ? "everything passed" : `FAILED: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

/** Runs these test files; gives those in which a test failed. */
async function failing(files: readonly string[], concurrency: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "tests-"));
  const list = join(folder, "failed");
  try {
    const code = await runNode([
      ...["--import", "tsx", "--test", `--test-concurrency=${concurrency}`, `--test-timeout=${fileMillis}`],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=./scripts/failed-files.mjs", `--test-reporter-destination=${list}`],
      ...files,
    ]);
    const named = (await readFile(list, "utf8")).split("\n").filter((file) => file !== "");
    // A run that ended badly without naming a file has to be taken for a failure of all.
    return code !== 0 && named.length === 0 ? [...files] : named.map((file) => relative(projectRoot, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
