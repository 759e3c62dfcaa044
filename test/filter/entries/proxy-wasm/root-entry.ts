import {
  bytes,
  defineMetric,
  dequeue,
  fillRandom,
  getPluginConfiguration,
  HttpContext,
  incrementMetric,
  MetricType,
  RootContext,
  registerQueue,
  Status,
  setEffectiveContext,
  setTickPeriod,
} from "proxy-wasm-as";
import { ProbeHttp } from "./http-entry";
import { answer, hex, text } from "./text-entry";

const TICK_MILLIS: u32 = 20;

export class ProbeRoot extends RootContext {
  /** Names the VM. */
  readonly worker: string = randomName();
  readonly requests: u32 = defineMetric(MetricType.Counter, bytes("probe.requests"));
  readonly live: u32 = defineMetric(MetricType.Gauge, bytes("probe.live"));
  readonly bodySize: u32 = defineMetric(MetricType.Histogram, bytes("probe.body_size"));
  readonly pages: u32 = defineMetric(MetricType.Gauge, bytes("probe.pages"));
  readonly late: u32 = defineMetric(MetricType.Counter, bytes("probe.late"));
  readonly dequeued: u32 = defineMetric(MetricType.Counter, bytes("probe.dequeued"));
  readonly deletedRoots: u32 = defineMetric(MetricType.Counter, bytes("probe.deleted_roots"));
  /** The plugin's configuration. */
  version: string = "";
  queue: u32 = 0;
  /** Streams that wait for a tick. */
  waiting: u32[] = [];

  onConfigure(_size: i32): bool {
    this.version = text(getPluginConfiguration());
    if (this.version == "refused") return false;
    this.queue = registerQueue(bytes("probe"));
    return setTickPeriod(TICK_MILLIS) == Status.Ok;
  }

  onTick(): void {
    for (let index = 0; index < this.waiting.length; index++) {
      if (setEffectiveContext(this.waiting[index]) == Status.Ok) answer("ticked");
    }
    this.waiting = [];
  }

  onQueueReady(queue: u32): void {
    while (dequeue(queue) != null) incrementMetric(this.dequeued, 1);
  }

  onDelete(): void {
    incrementMetric(this.deletedRoots, 1);
  }

  createHttpContext(contextId: u32): HttpContext {
    incrementMetric(this.live, 1);
    return new ProbeHttp(contextId, this);
  }
}

function randomName(): string {
  const random = new Uint8Array(8);
  return fillRandom(random) ? hex(random) : "none";
}
