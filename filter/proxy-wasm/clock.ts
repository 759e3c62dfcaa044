import { proxy_get_current_time_nanoseconds, proxy_set_tick_period_milliseconds } from "./env";
import { clearReturned, returnNumber } from "./host-memory";
import { Status } from "./status";
import { clock_time_get } from "./wasi_snapshot_preview1";

/** `CLOCK_MONOTONIC` of WASI. */
const MONOTONIC: i32 = 1;

/** Wall clock, nanoseconds since the Unix epoch. */
export function currentTimeNanos(): u64 {
  clearReturned();
  proxy_get_current_time_nanoseconds(returnNumber);
  return load<u64>(returnNumber);
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
