import { bytes, defineMetric, incrementMetric, MetricType, recordMetric } from "proxy-wasm-as";
import { Evaluation } from "../evaluate";
import { Reason, reasonRow, Verdict } from "../verdict";

const NO_ROUTE = "-";

/** Counters by route, effect and reason, histograms by stage. The names' `key=value;` parts become labels in Envoy. */
export class DecisionMetrics {
  private readonly counters: Map<u64, u32> = new Map();
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
    incrementMetric(this.counters.get(key), 1);
    if (evaluation.evidence.uninspected != Reason.Permitted) incrementMetric(this.uninspected, 1);
    const timings = evaluation.timings;
    recordMetric(this.request, timings.request);
    recordMetric(this.identity, timings.identity);
    recordMetric(this.policy, timings.policy);
    if (!evaluation.wantsScore) return;
    recordMetric(this.values, timings.values);
    recordMetric(this.screen, timings.screen);
    if (timings.inference > 0) recordMetric(this.inference, timings.inference);
  }

  countLost(records: u64): void {
    incrementMetric(this.lostRecords, records);
  }
}

function histogram(stage: string): u32 {
  return defineMetric(MetricType.Histogram, bytes(`postern.stage=${stage};.us`));
}

function decisionCounter(evaluation: Evaluation, verdict: Verdict, reason: Reason): u32 {
  const route = evaluation.route;
  const name = route === null ? NO_ROUTE : String.UTF8.decodeUnsafe(route.name.dataStart, route.name.length);
  const code = reasonRow(reason).code;
  const reasonText = String.UTF8.decodeUnsafe(code.dataStart, code.length);
  const effect = verdict.effect;
  const effectText = effect == 0 ? (reason == Reason.Permitted ? "permit" : "would_deny") : "deny";
  return defineMetric(
    MetricType.Counter,
    bytes(`postern.decisions.route=${name};.effect=${effectText};.reason=${reasonText};`),
  );
}
