import { readdir, readFile } from "node:fs/promises";

export interface RunMember {
  readonly pid: number;
  /** The command line, its arguments joined by spaces. */
  readonly command: string;
}

/** In the environment of whatever is started for a test, and so of all that it starts: whose it is, once its parent has gone, too. */
export const runVariable = "POSTERN_TEST_RUN";

/** The living processes of a run (Linux: proc(5)). */
export async function runMembers(run: string): Promise<RunMember[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const members = await Promise.all(pids.map((pid) => ofRun(pid, run)));
  return members.filter((member) => member !== null);
}

/** What has ended and was not waited for has no environment any more. */
async function ofRun(pid: number, run: string): Promise<RunMember | null> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, "latin1")).split("\0");
    if (!environment.includes(`${runVariable}=${run}`)) return null;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return { pid, command: command.replaceAll("\0", " ").trim() };
  } catch {
    // It ended meanwhile, or is another user's.
    return null;
  }
}
