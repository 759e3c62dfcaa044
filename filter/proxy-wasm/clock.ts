import { callback } from "./collection";
import { proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds } from "./env";
import { clearReturned, returnNumber } from "./host-memory";
import { Status } from "./status";
import { clock_time_get } from "./wasi_snapshot_preview1";

/** `CLOCK_MONOTONIC` of WASI. */
const MONOTONIC: i32 = 1;

let wallNanos: u64 = 0;
/** The callback in which the wall clock was read last. */
let readIn: u64 = u64.MAX_VALUE;

/** Wall clock, nanoseconds since the Unix epoch; it stands still while a callback runs: all of it is judged by one time. */
export function currentTimeNanos(): u64 {
  if (readIn == callback) return wallNanos;
  clearReturned();
  proxy_get_current_time_nanoseconds(returnNumber);
  wallNanos = load<u64>(returnNumber);
  readIn = callback;
  return wallNanos;
}

/** Nanoseconds from an origin of the host's, for durations: no change of the wall clock moves it. */
export function monotonicNanos(): u64 {
  clearReturned();
  clock_time_get(MONOTONIC, 1, returnNumber);
  return load<u64>(returnNumber);
}

/** Calls the root context's `onTick` each so many milliseconds; 0 ends that. Belongs to the root context it is called in. */
export function setTickPeriod(milliseconds: u32): Status {
  return proxy_set_tick_period_milliseconds(milliseconds);
}
