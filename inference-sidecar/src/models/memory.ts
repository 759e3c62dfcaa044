import { readFileSync } from "node:fs";

/** What a model takes at most while it is loaded beside another; about 100 MB were measured. */
const MODEL_BYTES = 112 * 1024 * 1024;

/** Better one model that answers than two that have the process killed. @throws Error the control group's limit is too near */
export function requireMemory(): void {
  requireRoom(process.constrainedMemory(), unreclaimableBytes(readStatus()));
}

/** @param limit bytes; 0: there is none. @throws Error what is left of it does not do for a model */
export function requireRoom(limit: number, used: number): void {
  const left = Math.max(0, limit - used);
  if (limit === 0 || left >= MODEL_BYTES) return;
  const [needed, free] = [MODEL_BYTES, left].map((bytes) => `${Math.floor(bytes / 1024 / 1024)} MiB`);
  throw new Error(`a model beside the one in force needs ${needed} of memory, and this process's limit leaves ${free}`);
}

/** What this process has of its own: pages of programs and files count against no limit that others could not free. */
export function unreclaimableBytes(status: string): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1024;
}

/** proc(5); empty: there is none here. */
function readStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    return "";
  }
}
