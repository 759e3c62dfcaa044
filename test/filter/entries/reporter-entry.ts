import { Reporter, ReportListener } from "../../../filter/report/reporter";

class Listener implements ReportListener {
  times: i32 = 0;
  last: bool = false;

  onRecorded(acknowledged: bool): void {
    this.times++;
    this.last = acknowledged;
  }
}

const reporter = new Reporter(new Uint8Array(0));
const listener = new Listener();

/** Submits a record that must be on the disk. */
export function submit(): u64 {
  const digest = new Uint8Array(32);
  return reporter.submit(new Uint8Array(16), digest, new Uint8Array(100), new Uint8Array(0), null, true);
}

export function awaitRecord(sequence: u64, nowMillis: i64): void {
  reporter.await(sequence, listener, nowMillis);
}

/** What the tick runs. */
export function tick(nowMillis: i64): void {
  reporter.endOverdueWaits(nowMillis);
}

export function timesTold(): i32 {
  return listener.times;
}

export function lastTold(): bool {
  return listener.last;
}
