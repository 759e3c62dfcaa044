import assert from "node:assert/strict";
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { makeLogDirectory } from "../../inference-sidecar/src/decision-log/log-file.ts";
import { recoverLog } from "../../inference-sidecar/src/decision-log/recover.ts";
import { SealedLog } from "../../inference-sidecar/src/decision-log/sealed-log.ts";
import { WorkerSequences } from "../../inference-sidecar/src/decision-log/sequences.ts";
import { loadSigningKey } from "../../inference-sidecar/src/decision-log/signing-key.ts";
import { type LogKeys, readStateKeys } from "../../scripts/decision-log/public-key.ts";
import { verifyLog } from "../../scripts/decision-log/verify.ts";
import { temporaryFolder } from "./harness.ts";

export interface Made {
  readonly log: SealedLog;
  readonly sequences: WorkerSequences;
  readonly recovered: Awaited<ReturnType<typeof recoverLog>>;
}

export const limits = { rotationBytes: 4096, retentionBytes: 1 << 30, retentionDays: 90, headMs: 60_000 };

/** A run of the log on this state, as the sidecar makes it. */
export async function open(
  state: string,
  changes: Partial<typeof limits & { signed: boolean; now: () => Date }> = {},
): Promise<Made> {
  const directory = await makeLogDirectory(state);
  const sequences = new WorkerSequences();
  const recovered = await recoverLog(directory, sequences);
  const onUpkeepFailed = (error: Error) => assert.fail(error);
  const key = await loadSigningKey(state);
  const log = new SealedLog({ ...limits, ...recovered, ...changes, directory, key, sequences, onUpkeepFailed });
  return { log, sequences, recovered };
}

export async function append({ log, sequences }: Made, first: number, last: number): Promise<void> {
  for (let sequence = first; sequence <= last; sequence += 1) {
    const record = { v: 1, id: `id-${sequence}`, worker: "w", sequence, score: { value: sequence / 7 } };
    await log.append([record], () => sequences.set("w", { last: sequence, lost: 0 }));
  }
}

/** A state of its own with what this one holds; whoever asks for it removes it. */
export async function copyOf(state: string): Promise<string> {
  const copy = await temporaryFolder();
  await cp(state, copy, { recursive: true });
  return copy;
}

export async function verify(state: string, keys?: LogKeys) {
  return verifyLog(join(state, "log"), keys ?? (await readStateKeys(state)));
}

export async function files(state: string): Promise<string[]> {
  return (await readdir(join(state, "log"))).filter((name) => name.endsWith(".jsonl")).sort();
}
