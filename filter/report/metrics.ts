import { bytes, defineMetric, incrementMetric, MetricType, recordMetric } from "proxy-wasm-as";
import { Evaluation } from "../evaluate";
import { Reason, reasonRow, Verdict } from "../verdict";

const NO_ROUTE = "-";

/** Of so many decisions one's stages are in the histograms: each value costs a call of the host. The log has them all. */
const STAGES_OF_ONE_IN: u32 = 8;

/** What was counted since the last tick, of all policies. */
const counting: DecisionCounter[] = [];

class DecisionCounter {
  private count: i64 = 0;

  constructor(private readonly metric: u32) {}

  add(): void {
    if (this.count == 0) counting.push(this);
    this.count += 1;
  }

  flush(): void {
    incrementMetric(this.metric, this.count);
    this.count = 0;
  }
}

/** Gives the counts to Envoy; run by the tick. */
export function flushCounters(): void {
  while (counting.length > 0) counting.pop().flush();
}

/** Counters by route, effect and reason, histograms by stage. The names' `key=value;` parts become labels in Envoy. */
export class DecisionMetrics {
  private readonly counters: Map<u64, DecisionCounter> = new Map();
  private decisions: u32 = 0;
  private readonly request: u32 = histogram("request");
  private readonly identity: u32 = histogram("identity");
  private readonly policy: u32 = histogram("policy");
  private readonly values: u32 = histogram("values");
  private readonly screen: u32 = histogram("screen");
  private readonly inference: u32 = histogram("inference");
  private readonly uninspected: u32 = defineMetric(MetricType.Counter, bytes("postern.uninspected"));
  private readonly lostRecords: u32 = defineMetric(MetricType.Counter, bytes("postern.lost_records"));

  /** Counts one decided request. */
  count(evaluation: Evaluation, verdict: Verdict): void {
    const reason = verdict.reason != Reason.Permitted ? verdict.reason : verdict.wouldDeny;
    const route = evaluation.route;
    const index: u64 = route === null ? 0 : <u64>(route.index + 1);
    const key = (index << 16) | ((<u64>reason) << 8) | <u64>verdict.effect;
    if (!this.counters.has(key)) this.counters.set(key, decisionCounter(evaluation, verdict, reason));
    this.counters.get(key).add();
    if (evaluation.evidence.uninspected != Reason.Permitted) incrementMetric(this.uninspected, 1);
    if (this.decisions++ % STAGES_OF_ONE_IN == 0) this.recordStages(evaluation);
  }

  countLost(records: u64): void {
    incrementMetric(this.lostRecords, records);
  }

  private recordStages(evaluation: Evaluation): void {
    const timings = evaluation.timings;
    recordMetric(this.request, timings.request);
    recordMetric(this.identity, timings.identity);
    recordMetric(this.policy, timings.policy);
    if (!evaluation.wantsScore) return;
    recordMetric(this.values, timings.values);
    recordMetric(this.screen, timings.screen);
    if (timings.inference > 0) recordMetric(this.inference, timings.inference);
  }
}

function histogram(stage: string): u32 {
  return defineMetric(MetricType.Histogram, bytes(`postern.stage=${stage};.us`));
}

function decisionCounter(evaluation: Evaluation, verdict: Verdict, reason: Reason): DecisionCounter {
  const route = evaluation.route;
  const name = route === null ? NO_ROUTE : String.UTF8.decodeUnsafe(route.name.dataStart, route.name.length);
  const code = reasonRow(reason).code;
  const reasonText = String.UTF8.decodeUnsafe(code.dataStart, code.length);
  const effect = verdict.effect;
  const effectText = effect == 0 ? (reason == Reason.Permitted ? "permit" : "would_deny") : "deny";
  const metric = bytes(`postern.decisions.route=${name};.effect=${effectText};.reason=${reasonText};`);
  return new DecisionCounter(defineMetric(MetricType.Counter, metric));
}
