import { readdir, readFile } from "node:fs/promises";

/**
 * Microseconds that a process's living threads have spent on a processor (Linux: the first field of
 * `/proc/PID/task/TID/schedstat`, nanoseconds, where `stat` counts in ticks of 10 ms).
 * @throws Error this system does not tell
 */
export async function cpuMicros(pid: number, proc = "/proc"): Promise<number> {
  const folder = `${proc}/${pid}/task`;
  const threads = await readdir(folder);
  const nanos = await Promise.all(threads.map((thread) => threadNanos(`${folder}/${thread}/schedstat`)));
  const known = nanos.filter((one) => one !== null);
  if (known.length === 0)
    throw new Error(`${folder}/*/schedstat tells nothing: what a process takes can't be measured`);
  return known.reduce((sum, one) => sum + one, 0) / 1_000;
}

/** Null: the thread has ended meanwhile. */
async function threadNanos(path: string): Promise<number | null> {
  try {
    return Number((await readFile(path, "latin1")).split(" ")[0]);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
