import { open } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { logFiles } from "../../inference-sidecar/src/decision-log/log-file.ts";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { adminPage } from "../gateway/envoy-admin.ts";
import { waitUntil } from "../gateway/wait-until.ts";
import type { ExpectedDecision } from "./scenarios.ts";

/** How long records may take from the filter to the log. */
const recordMillis = 15_000;

export type Stages = LogRecord["timingsUs"];

/** Sees that a contender did with every request of a window what its scenario says. */
export interface Witness {
  /** Just before a window. */
  begin(): Promise<void>;
  /** Right after it: until its requests cause no more work, which is theirs. */
  settle(requests: number): Promise<void>;
  /**
   * After it has been measured; gives the mean time of Postern's stages, if it has any.
   * @param expected of each request; null: whatever was decided
   * @throws Error something else was done, or it cannot be seen
   */
  end(requests: number, expected: ExpectedDecision | null): Promise<Stages | null>;
}

/** For Envoy's own filters: each of these counters has grown by one for each request. */
export class CounterWitness implements Witness {
  readonly #adminSocket: string;
  readonly #counters: readonly string[];
  #before: readonly number[] = [];

  constructor(adminSocket: string, counters: readonly string[]) {
    this.#adminSocket = adminSocket;
    this.#counters = counters;
  }

  async begin(): Promise<void> {
    this.#before = await this.#read();
  }

  async settle(): Promise<void> {}

  async end(requests: number): Promise<null> {
    const now = await this.#read();
    for (const [index, counter] of this.#counters.entries()) {
      const grown = (now[index] ?? 0) - (this.#before[index] ?? 0);
      if (grown !== requests) throw new Error(`${counter} grew by ${grown} with ${requests} requests`);
    }
    return null;
  }

  async #read(): Promise<number[]> {
    if (this.#counters.length === 0) return [];
    const page = await adminPage(this.#adminSocket, "/stats?usedonly");
    if (page === null) throw new Error("Envoy does not tell its counters");
    const lines = new Map(page.split("\n").map((line) => line.split(": ") as [string, string]));
    return this.#counters.map((counter) => Number(lines.get(counter) ?? 0));
  }
}

/** For Postern: the decision log has a record for each request, all of them as expected. */
export class LogWitness implements Witness {
  readonly #folder: string;
  #file = "";
  #offset = 0;
  #records: LogRecord[] = [];

  constructor(stateDirectory: string) {
    this.#folder = join(stateDirectory, "log");
  }

  /** It reads on from where the last window ended. */
  async begin(): Promise<void> {}

  /** Until the last record of them is in the log. */
  async settle(requests: number): Promise<void> {
    await waitUntil(async () => {
      const lines = (await this.#newLines()).map((line) => JSON.parse(line) as LogRecord);
      // The log has heads, too, completions that came later, and what the gateway asks of itself.
      this.#records.push(...lines.filter((line) => "id" in line && !("selfTest" in line)));
      return this.#records.length >= requests;
    }, recordMillis);
  }

  async end(requests: number, expected: ExpectedDecision | null): Promise<Stages> {
    const records = this.#records.splice(0);
    if (expected !== null) for (const record of records) check(record, expected);
    if (records.length !== requests) throw new Error(`${records.length} decisions in the log of ${requests} requests`);
    return meanStages(records);
  }

  /** Whole lines that were appended since the last look. */
  async #newLines(): Promise<string[]> {
    const files = (await logFiles(this.#folder)).filter((name) => name >= this.#file);
    const lines: string[] = [];
    for (const name of files) {
      if (name !== this.#file) this.#offset = 0;
      this.#file = name;
      const text = await textFrom(join(this.#folder, name), this.#offset);
      const whole = text.subarray(0, text.lastIndexOf("\n") + 1);
      this.#offset += whole.length;
      lines.push(...whole.toString().split("\n").slice(0, -1));
    }
    return lines;
  }
}

function check(record: LogRecord, expected: ExpectedDecision): void {
  const { route, rung, effect, reason, wouldDeny, subject, score } = record;
  const seen = { route, rung, token: subject.token, scoredBy: score.by };
  if (effect === "permit" && wouldDeny === null && isDeepStrictEqual(seen, expected)) return;
  throw new Error(`${JSON.stringify({ ...seen, effect, reason, wouldDeny })} instead of ${JSON.stringify(expected)}`);
}

async function textFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - offset)), 0, null, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function meanStages(records: readonly LogRecord[]): Stages {
  const sums = { request: 0, identity: 0, policy: 0, values: 0, screen: 0, inference: 0 };
  const names = Object.keys(sums) as (keyof Stages)[];
  for (const { timingsUs } of records) for (const name of names) sums[name] += timingsUs[name];
  for (const name of names) sums[name] /= records.length;
  return sums;
}
