import { statSync } from "node:fs";

const PERIOD_MS = 1000;

/**
 * Calls once, with its path, when one of the sockets is no longer the one that stands there now: removed, or replaced. Whoever
 * is connected goes on, but nobody can come any more. Gives what ends the watch.
 */
export function watchSockets(paths: readonly string[], gone: (path: string) => void): () => void {
  const bound = new Map(paths.map((path) => [path, inode(path)]));
  const timer = setInterval(() => {
    const missing = paths.find((path) => inode(path) !== bound.get(path));
    if (missing === undefined) return;
    clearInterval(timer);
    gone(missing);
  }, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** 0: nothing stands there. */
function inode(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
