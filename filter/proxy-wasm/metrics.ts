import { proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric } from "./env";
import { clearReturned, returnNumber } from "./host-memory";
import { Status } from "./status";

/** `proxy_metric_type_t` */
export enum MetricType {
  Counter = 0,
  Gauge = 1,
  Histogram = 2,
}

/** An id for a metric, new or not; define each once, at start-up. 0: refused, and what is done with it has no effect. */
export function defineMetric(type: MetricType, name: Uint8Array): u32 {
  clearReturned();
  const status = proxy_define_metric(type, name.dataStart, name.length, returnNumber);
  return status == Status.Ok ? load<u32>(returnNumber) : 0;
}

/** Changes a counter (up only) or a gauge. */
export function incrementMetric(id: u32, by: i64): Status {
  return proxy_increment_metric(id, by);
}

/** Sets a gauge, or adds a value to a histogram. */
export function recordMetric(id: u32, value: u64): Status {
  return proxy_record_metric(id, value);
}

/** The value of a counter or gauge; 0 for an unknown one. */
export function getMetric(id: u32): u64 {
  clearReturned();
  return proxy_get_metric(id, returnNumber) == Status.Ok ? load<u64>(returnNumber) : 0;
}
