import { Connection } from "./connection.ts";
import type { NextRequest } from "./requests.ts";

/** Open at most; more requests than this wait for one, and their latency counts the waiting. */
const connectionCount = 32;
const closedLoopConnections = 16;
/** After the last request was due. */
const patienceMillis = 30_000;

export interface LoadResult {
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from the moment a request was released until its answer was whole, ascending. */
  readonly latencies: readonly number[];
  /** Milliseconds by which the generator itself released requests too late, ascending. */
  readonly lateness: readonly number[];
}

/**
 * Open loop: requests are released at even distances whatever becomes of those before, so a slow contender meets as many
 * as a quick one (no coordinated omission). Node's timers fire once a millisecond; what the generator itself is late does
 * not count as latency and is given apart.
 */
export function atRate(url: URL, next: NextRequest, ratePerSecond: number, seconds: number): Promise<LoadResult> {
  const total = Math.max(1, Math.round(ratePerSecond * seconds));
  return withConnections(url, connectionCount, seconds, (send, start, done) => {
    let released = 0;
    const release = () => {
      const due = Math.min(total, 1 + Math.floor(((performance.now() - start) * ratePerSecond) / 1_000));
      for (; released < due; released++) send(next() ?? outOfRequests(), start + (released * 1_000) / ratePerSecond);
      if (released < total) setTimeout(release, 1);
    };
    release();
    return (answers) => {
      if (answers === total) done();
    };
  });
}

/** Closed loop: each connection sends as soon as it has its answer, until time or requests are over. */
export function flatOut(url: URL, next: NextRequest, seconds: number): Promise<LoadResult> {
  return withConnections(url, closedLoopConnections, seconds, (send, start, done) => {
    let sent = 0;
    const sendOne = () => {
      const request = performance.now() - start < seconds * 1_000 ? next() : null;
      if (request === null) return;
      sent++;
      send(request, performance.now());
    };
    for (let i = 0; i < closedLoopConnections; i++) sendOne();
    return (answers) => {
      sendOne();
      if (answers === sent) done();
    };
  });
}

/** Releases a request that was due at `due` (as `performance.now`). */
type Send = (request: Buffer, due: number) => void;
/** Starts sending; gives what is told after each answer how many there are. */
type Drive = (send: Send, start: number, done: () => void) => (answers: number) => void;

async function withConnections(url: URL, count: number, seconds: number, drive: Drive): Promise<LoadResult> {
  let fail: (error: Error) => void = () => undefined;
  const failure = new Promise<never>((_, refuse) => {
    fail = refuse;
  });
  // It may come while nobody waits for it.
  failure.catch(() => undefined);
  const free = await Promise.all(Array.from({ length: count }, () => Connection.open(url, fail)));
  const all = [...free];
  const timer = setTimeout(
    () => fail(new Error("not every request was answered in time")),
    seconds * 1_000 + patienceMillis,
  );
  try {
    return await Promise.race([failure, exchange(free, drive)]);
  } finally {
    clearTimeout(timer);
    for (const connection of all) connection.close();
  }
}

async function exchange(free: Connection[], drive: Drive): Promise<LoadResult> {
  const waiting: { readonly request: Buffer; readonly released: number }[] = [];
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const lateness: number[] = [];
  const start = performance.now();
  await new Promise<void>((done) => {
    let afterAnswer: (answers: number) => void = () => undefined;
    const put = (connection: Connection, request: Buffer, released: number) => {
      connection.send(request, (status) => {
        latencies.push(performance.now() - released);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const next = waiting.shift();
        if (next) put(connection, next.request, next.released);
        else free.push(connection);
        afterAnswer(latencies.length);
      });
    };
    const send: Send = (request, due) => {
      const released = performance.now();
      lateness.push(released - due);
      const connection = free.pop();
      if (connection) put(connection, request, released);
      else waiting.push({ request, released });
    };
    afterAnswer = drive(send, start, done);
  });
  const seconds = (performance.now() - start) / 1_000;
  return {
    statuses,
    requests: latencies.length,
    seconds,
    latencies: ascending(latencies),
    lateness: ascending(lateness),
  };
}

function outOfRequests(): never {
  throw new Error("there are fewer requests than the rate needs");
}

function ascending(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}
