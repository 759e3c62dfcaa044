import { readdir, readFile } from "node:fs/promises";

/**
 * Microseconds that a process's living threads have spent on a processor (Linux: the first field of
 * `/proc/PID/task/TID/schedstat`, nanoseconds, where `stat` counts in ticks of 10 ms).
 */
export async function cpuMicros(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder);
  const nanos = await Promise.all(threads.map((thread) => threadNanos(`${folder}/${thread}/schedstat`)));
  return nanos.reduce((sum, one) => sum + one, 0) / 1_000;
}

/** A thread that has ended meanwhile counts nothing. */
async function threadNanos(path: string): Promise<number> {
  try {
    return Number((await readFile(path, "latin1")).split(" ")[0]);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return 0;
    throw error;
  }
}
