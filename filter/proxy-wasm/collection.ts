/**
 * When garbage is collected. The `minimal` runtime collects only when it is told to and does not see the stack, so
 * that is done when no callback is running. It costs time for each live object: it waits until this much was allocated.
 * A runtime that knows when it pays says so by a global `__collectDue`.
 */
const DEBT_LIMIT: u32 = 1 << 20;
/** What one callback is taken to allocate apart from what the host returned, in bytes. */
const DEBT_PER_CALLBACK: u32 = 1024;

/** The number of the callback that is running, or ran last, counted from 1; 0: the module is starting. */
export let callback: u64 = 0;
/** Callbacks that are running: a function of the host may call back. */
let depth: i32 = 0;
/** Estimate of what was allocated since the last collection, in bytes. */
let debt: u32 = 0;
/** Pages of linear memory after the last collection: growth means that the estimate was too low. */
let pages: i32 = memory.size();

/** Counts bytes towards the next collection. For a filter that keeps allocating much more than the host gives it. */
export function noteAllocation(size: u32): void {
  // What the host returns is usually worked on: views, decoded copies.
  debt += min(size, DEBT_LIMIT) * 2;
}

/** A callback begins. */
export function enter(): void {
  if (depth == 0) callback++;
  depth++;
}

/** A callback ends. */
export function leave(): void {
  depth--;
  debt += DEBT_PER_CALLBACK;
  if (depth > 0 || !isDue()) return;
  __collect();
  debt = 0;
  pages = memory.size();
}

/** By the runtime's own word, where it is one that has it. */
function isDue(): bool {
  return isDefined(__collectDue) ? __collectDue() : debt >= DEBT_LIMIT || memory.size() != pages;
}
