import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogRecord } from "../../inference-sidecar/src/decision-log/record.ts";
import { readDecisions } from "../decision-log/read.ts";
import { waitUntil } from "../gateway/wait-until.ts";
import type { DemoFolder } from "./folder.ts";
import { type Answer, send } from "./send.ts";
import { type Step, scoringIsBack, steps, stepsWithoutSidecar } from "./steps.ts";
import type { Row } from "./table.ts";

/** How long records may take from the filter to the log, over a restart of the sidecar. */
const recordMillis = 15_000;
const comeBackMillis = 30_000;

interface Taken {
  readonly step: Step;
  readonly answer: Answer;
}

/** A demo that runs, in processes of this machine or in containers. */
export interface Demo {
  readonly url: string;
  readonly folder: DemoFolder;
  killSidecar(): Promise<void>;
  /** A state folder with the decision log as it is now. */
  readState(): Promise<string>;
  /** The steps whose requests have arrived at the upstream. */
  arrived(): Promise<ReadonlySet<string>>;
}

/** Sends every request of the tour; gives what was decided and why. */
export async function tour({ url, folder, killSidecar, readState, arrived }: Demo): Promise<Row[]> {
  const authority = await readFile(folder.authorityPath, "utf8");
  const go = async (step: Step): Promise<Taken> => ({
    step,
    answer: await send(step, url, authority, folder).catch(() => ({ status: 0, decision: "" })),
  });
  const taken: Taken[] = [];
  for (const step of await steps(folder.keys)) taken.push(await go(step));

  const withoutSidecar = await stepsWithoutSidecar(folder.keys);
  await killSidecar();
  for (const step of withoutSidecar) taken.push(await go(step));
  taken.push(await untilBack(go));

  const records = await readRecords(readState, new Set(taken.map(({ answer }) => answer.decision)));
  const atUpstream = await arrived();
  return taken.map(({ step, answer }) =>
    judge(step, answer, records.get(answer.decision), atUpstream.has(encodeURIComponent(step.title))),
  );
}

async function untilBack(go: (step: Step) => Promise<Taken>): Promise<Taken> {
  const end = Date.now() + comeBackMillis;
  for (;;) {
    const last = await go(scoringIsBack);
    if (last.answer.status === scoringIsBack.expect.status || Date.now() > end) return last;
    await sleep(50);
  }
}

/** The decisions with these ids, as far as they arrive in the log in time. */
async function readRecords(
  readState: () => Promise<string>,
  ids: ReadonlySet<string>,
): Promise<Map<string, LogRecord>> {
  const found = new Map<string, LogRecord>();
  await waitUntil(async () => {
    for await (const record of readDecisions(await readState())) if (ids.has(record.id)) found.set(record.id, record);
    return found.size === ids.size;
  }, recordMillis);
  return found;
}

function judge(step: Step, answer: Answer, record: LogRecord | undefined, arrived: boolean): Row {
  const { expect } = step;
  const reason = record ? (record.wouldDeny ?? record.reason) : "no record in the log";
  const scoredBy = record?.score.by ?? "";
  const mayArrive = expect.status === 200;
  return {
    title: step.title,
    expected: `${expect.status} ${expect.reason}`,
    got: `${answer.status} ${reason}${arrived && !mayArrive ? ", REACHED THE UPSTREAM" : ""}`,
    scoredBy,
    decision: answer.decision,
    asExpected:
      answer.status === expect.status &&
      reason === expect.reason &&
      expect.scoredBy.includes(scoredBy) &&
      arrived === mayArrive,
  };
}
