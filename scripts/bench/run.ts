import { join } from "node:path";
import { demoFolder } from "../demo/folder.ts";
import { type Benign, benignRequests, searchFor } from "./benign.ts";
import { checkAll } from "./checks.ts";
import { type Contenders, startContenders } from "./contenders.ts";
import { groupsOf } from "./groups.ts";
import { probe } from "./measure.ts";
import { hostOf } from "./policy.ts";
import { refusesBadTokens } from "./refusals.ts";
import { type Report, thisMachine } from "./report.ts";
import { encode, Requests } from "./requests.ts";
import { scenarioResult, type Visit } from "./results.ts";
import { oneRound } from "./round.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { estimate } from "./statistics.ts";
import { Tokens } from "./tokens.ts";
import { warmUp } from "./warm-up.ts";

export interface BenchmarkOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** That a visit takes for each scenario flat out, and as many at a fixed rate. */
  readonly seconds: number;
  /** No round begins that would probably end later than so many after the start. */
  readonly minutes: number;
  /** For everything that is written meanwhile. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Starts everything, warms up, measures round after round. @throws Error a scenario that did not do what it says */
export async function runBenchmark(options: BenchmarkOptions): Promise<Report> {
  const started = new Date();
  const machine = thisMachine();
  const { folder, signal, report } = options;
  const groups = groupsOf(options.scenarios);
  const wanted = scenarios.filter((one) => groups.some((group) => group.scenarios.includes(one)));
  const benign = await benignRequests();
  const demo = await demoFolder(join(folder, "demo"));
  const tokens = await Tokens.of(demo);
  const needed = new Set(wanted.map(({ contender }) => contender));
  report(`starting ${[...needed].join(", ")}`);
  const contenders = await startContenders({ folder, demo, needed, signal, report });
  try {
    const requests = new Requests(benign, tokens, await unsureText(wanted, contenders, benign));
    await refusesBadTokens(wanted, contenders, benign, tokens);
    report("warming up");
    const rates = await warmUp(wanted, contenders, requests, signal);
    const visits: Visit[] = [];
    let rounds = 0;
    for (let number = 1; number <= options.rounds; number++) {
      report(`round ${number} of ${options.rounds}`);
      const began = Date.now();
      visits.push(...(await oneRound({ ...options, groups, contenders, requests, rates })));
      rounds++;
      const now = Date.now();
      if (number < options.rounds && now - started.getTime() + (now - began) > options.minutes * 60_000) {
        report(`${options.minutes} minutes leave no time for more rounds`);
        break;
      }
    }
    const samples = visits.flatMap((visit) => [...visit.values()]);
    return {
      version: 1,
      started: started.toISOString(),
      minutes: (Date.now() - started.getTime()) / 60_000,
      machine,
      rounds,
      windowSeconds: options.seconds,
      generatorLateness: estimate(samples.flatMap(({ atRate }) => atRate?.lateness ?? [])).median,
      scenarios: wanted.map((one) => scenarioResult(one, visits, rates[one.rateClass])),
      checks: checkAll(visits),
    };
  } finally {
    await contenders.stop();
  }
}

/** The first text that the screen is unsure about and the model clears: a permit, by the model's word. */
async function unsureText(wanted: readonly Scenario[], contenders: Contenders, benign: Benign): Promise<string> {
  const escalated = wanted.find(({ expected }) => expected?.scoredBy === "model");
  const [first = ""] = benign.unsure;
  if (!escalated) return first;
  for (const text of benign.unsure) {
    const request = encode(searchFor(text), hostOf("public"));
    if ((await probe(contenders.get(escalated.contender), request)) === 200) return text;
  }
  throw new Error("the model clears none of the texts that the screen is unsure about");
}
