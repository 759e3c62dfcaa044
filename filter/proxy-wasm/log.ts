import { proxy_get_log_level, proxy_log } from "./env";
import { clearReturned, returnNumber } from "./host-memory";
import { Status } from "./status";

/** `proxy_log_level_t` */
export enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

/** Writes to the host's log. */
export function log(level: LogLevel, message: Uint8Array): Status {
  return proxy_log(level, message.dataStart, message.length);
}

/** The lowest level that the host writes at present. */
export function getLogLevel(): LogLevel {
  clearReturned();
  return proxy_get_log_level(returnNumber) == Status.Ok ? load<i32>(returnNumber) : LogLevel.Info;
}
