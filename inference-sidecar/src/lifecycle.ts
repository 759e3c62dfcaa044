import { fstatSync } from "node:fs";

/** Calls once, with why: SIGTERM, SIGINT, or the parent is gone (its pipe to standard input or its IPC channel closed). */
export function onStopRequested(stop: (why: string) => void): void {
  let requested = false;
  const once = (why: string) => {
    if (requested) return;
    requested = true;
    stop(why);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => once(signal));
  if (process.connected) process.once("disconnect", () => once("parent_gone"));
  if (!isPipe(0)) return;
  for (const event of ["end", "error"]) process.stdin.once(event, () => once("parent_gone"));
  process.stdin.resume();
}

/** A terminal, a file and /dev/null say nothing of a parent. Node's own pipes are sockets. */
function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
