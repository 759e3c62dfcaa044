import { bytes } from "proxy-wasm-as/bytes";
import { Environment } from "../environment";

const KEY = bytes("postern.failures.alarm");

/** Unix second until which some party is limited: until then, and only then, failures are looked up. */
let until: i64 = 0;

export function alarmIsOn(nowSeconds: i64): bool {
  return nowSeconds < until;
}

/** Some party is limited; the other workers learn of it at their next tick. */
export function raiseAlarm(environment: Environment, endSeconds: i64): void {
  refreshAlarm(environment);
  if (endSeconds <= until) return;
  until = endSeconds;
  const value = new Uint8Array(4);
  store<u32>(value.dataStart, <u32>endSeconds);
  environment.share(KEY, value, 0);
}

/** To be called by each tick where a policy limits anything. */
export function refreshAlarm(environment: Environment): void {
  const found = environment.shared(KEY);
  if (found !== null && found.value.length == 4) until = max(until, <i64>load<u32>(found.value.dataStart));
}
