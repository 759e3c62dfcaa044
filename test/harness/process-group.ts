import { readdir, readFile } from "node:fs/promises";

export interface GroupMember {
  readonly pid: number;
  /** The command line, its arguments joined by spaces. */
  readonly command: string;
}

/** The living processes of a process group (Linux: proc(5), fields 3 and 5 of stat). */
export async function groupMembers(group: number): Promise<GroupMember[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const members = await Promise.all(pids.map((pid) => inGroup(pid, group)));
  return members.filter((member) => member !== null);
}

async function inGroup(pid: number, group: number): Promise<GroupMember | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(processGroup) !== group || state === "Z") return null;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return { pid, command: command.replaceAll("\0", " ").trim() };
  } catch {
    // It ended meanwhile.
    return null;
  }
}
