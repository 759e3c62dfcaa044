import {
  BufferType,
  bytes,
  callForeignFunction,
  currentTimeNanos,
  defineMetric,
  environmentVariable,
  fillRandom,
  getBuffer,
  getHeader,
  getLogLevel,
  getMetric,
  getProperty,
  getRequestTrailers,
  getSharedData,
  HeaderMap,
  HeadersStatus,
  incrementMetric,
  LogLevel,
  log,
  MapType,
  MetricType,
  recordMetric,
  resolveQueue,
  setEffectiveContext,
  setProperty,
  setSharedData,
} from "proxy-wasm-as";
import { answer, fromHex, hex, text } from "./text-entry";

/** Makes host calls named by the path and answers with what they gave; `x-a` and `x-b` are their arguments. */
export function answerHostCall(name: string, headers: HeaderMap): HeadersStatus {
  const first = headers.first(bytes("x-a"));
  const second = headers.first(bytes("x-b"));
  const a = first == null ? new Uint8Array(0) : first;
  const b = second == null ? new Uint8Array(0) : second;
  if (name == "property") return answerProperty(text(a));
  if (name == "set-property") return answer(`${setProperty(a, b)} ${text(getProperty(a))}`);
  if (name == "foreign") {
    const result = callForeignFunction(a, fromHex(b));
    return answer(`${result.status} ${hex(result.result)}`);
  }
  if (name == "shared-set") return answer(`${setSharedData(a, b, 0)}`);
  if (name == "shared-get") {
    const data = getSharedData(a);
    return answer(`${data.status} ${text(data.value)}`);
  }
  if (name == "shared-cas") return answer(casOutcome(a));
  if (name == "environment") return answer(text(environmentVariable(a)));
  if (name == "random") {
    const random = new Uint8Array(16);
    return answer(fillRandom(random) ? hex(random) : "none");
  }
  if (name == "clock") return answer(currentTimeNanos().toString());
  if (name == "metrics") return answer(metricOutcome());
  if (name == "log") return answer(`${getLogLevel()} ${log(LogLevel.Warn, a)}`);
  if (name == "unknown") return answer(unknownOutcome());
  return answer("no such call");
}

function answerProperty(path: string): HeadersStatus {
  const value = getProperty(bytes(path.replaceAll(".", "\0")));
  return answer(value == null ? "null" : `${hex(value)} ${text(value)}`);
}

function casOutcome(key: Uint8Array): string {
  const absent = getSharedData(key).status;
  setSharedData(key, bytes("one"), 0);
  const seen = getSharedData(key).cas;
  const fresh = setSharedData(key, bytes("two"), seen);
  const stale = setSharedData(key, bytes("three"), seen);
  return `${absent} ${fresh} ${stale} ${text(getSharedData(key).value)}`;
}

function metricOutcome(): string {
  const counter = defineMetric(MetricType.Counter, bytes("probe.counted"));
  const gauge = defineMetric(MetricType.Gauge, bytes("probe.gauged"));
  incrementMetric(counter, 2);
  incrementMetric(counter, 3);
  recordMetric(gauge, 1 << 40);
  return `${getMetric(counter)} ${getMetric(gauge)} ${incrementMetric(0, 1) != 0} ${getMetric(4_000_000)}`;
}

/** What is not there gives a status or nothing; it never traps. */
function unknownOutcome(): string {
  return [
    text(getProperty(bytes("no\0such\0property"))),
    callForeignFunction(bytes("no_such_function"), new Uint8Array(0)).status.toString(),
    setEffectiveContext(4_000_000).toString(),
    getBuffer(BufferType.ResponseBody, 0, 10).length.toString(),
    getBuffer(BufferType.RequestBody, -1, -1).length.toString(),
    getRequestTrailers().size.toString(),
    text(getHeader(MapType.RequestHeaders, bytes("x-none"))),
    resolveQueue(bytes("no"), bytes("queue")).toString(),
    text(environmentVariable(bytes(""))),
  ].join(" ");
}
