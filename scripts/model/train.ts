import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isStamped, writeStamp } from "../build/stamp.ts";
import { UsageError } from "../commands/usage-error.ts";
import { projectRoot } from "../project-root.ts";

export interface Training {
  /** Holds the four data files. */
  readonly data: string;
  /** The bundle's folder. */
  readonly out: string;
  readonly seed: number;
  /** What takes longer is ended, with all that it started. */
  readonly limitMillis: number;
}

const DATA_FILES = [
  "attack-payloads.jsonl.gz",
  "benign-payloads.jsonl.gz",
  "benign-requests.jsonl.gz",
  "benign-header-profiles.json.gz",
];

const requirements = join(projectRoot, "models", "requirements.txt");
const venv = join(projectRoot, "build", "venv");
const stamp = join(projectRoot, "build", "venv.stamp");
const python = join(venv, "bin", "python");

/**
 * Trains a bundle with `models/make.py`, in an environment of its own with the pinned packages (`build/venv`), which is
 * made first where it is missing. What Python says goes to this process's output.
 * @throws UsageError a data file is missing; Error a step failed, or it took too long
 */
export async function trainBundle({ data, out, seed, limitMillis }: Training, report: (line: string) => void) {
  for (const file of DATA_FILES) {
    await access(join(data, file)).catch(() => {
      throw new UsageError(`${data} has no ${file}: models/README.md says what the four data files hold.`);
    });
  }
  const until = performance.now() + limitMillis;
  await mkdir(out, { recursive: true });
  await makeEnvironment(until, report);
  const make = join(projectRoot, "models", "make.py");
  await run(python, [make, "--data", data, "--out", out, "--seed", String(seed)], until);
}

async function makeEnvironment(until: number, report: (line: string) => void): Promise<void> {
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  if (await isStamped(stamp, wanted)) return;
  report("making build/venv with the pinned Python packages …");
  await run("python3", ["-m", "venv", "--clear", venv], until);
  const pip = ["-m", "pip", "--disable-pip-version-check"];
  // What is not pinned is not installed, and missed at once.
  await run(python, [...pip, "install", "--quiet", "--no-deps", "-r", requirements], until);
  await run(python, [...pip, "check"], until);
  await writeStamp(stamp, wanted);
}

/** In a process group of its own, so that it can be ended whole. */
async function run(command: string, args: readonly string[], until: number): Promise<void> {
  const child = spawn(command, args, { cwd: projectRoot, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const end = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      end();
    },
    Math.max(0, until - performance.now()),
  );
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  try {
    const code = await new Promise<number | null>((done, refuse) => {
      child.once("error", refuse);
      child.once("close", done);
    });
    if (late) throw new Error("training took longer than it may: give it more with --time-limit, or fewer rows");
    if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`);
  } finally {
    clearTimeout(timer);
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
}
