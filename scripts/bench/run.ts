import { join } from "node:path";
import { demoFolder } from "../demo/folder.ts";
import { type Benign, benignRequests, searchFor } from "./benign.ts";
import { checkAll } from "./checks.ts";
import { type Contenders, startContenders } from "./contenders.ts";
import { atRate, flatOut } from "./load.ts";
import { measure, probe, sendUnmeasured, type Window } from "./measure.ts";
import { hostOf } from "./policy.ts";
import { refusesBadTokens } from "./refusals.ts";
import { type Report, thisMachine } from "./report.ts";
import { encode, Requests } from "./requests.ts";
import { type Round, type Sample, scenarioResult } from "./results.ts";
import { type Scenario, scenario } from "./scenarios.ts";
import { estimate } from "./statistics.ts";
import { Tokens } from "./tokens.ts";

export interface BenchmarkOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** Of each window. */
  readonly seconds: number;
  /** No round begins that would probably end later than so many after the start. */
  readonly minutes: number;
  /** For everything that is written meanwhile. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

const warmUpSeconds = 0.5;
/** At most. */
const introductionSeconds = 60;
const calibrationSeconds = 1;
/** New tokens for one window flat out, which ends when they are used up. */
const flatOutTokens = 2_500;
/** Of what the slowest contender of a class can do. */
const rateShare = 0.5;

/** Starts everything, warms up, measures round after round. @throws Error a scenario that did not do what it says */
export async function runBenchmark(options: BenchmarkOptions): Promise<Report> {
  const started = new Date();
  const machine = thisMachine();
  const { folder, signal, report } = options;
  const wanted = withBaselines(options.scenarios);
  const benign = await benignRequests();
  const demo = await demoFolder(join(folder, "demo"));
  const tokens = await Tokens.of(demo);
  const needed = new Set(wanted.map(({ contender }) => contender));
  report(`starting ${[...needed].join(", ")}`);
  const contenders = await startContenders({ folder, demo, needed, signal, report });
  try {
    const requests = new Requests(benign, tokens, await unsureText(wanted, contenders, benign));
    await refusesBadTokens(wanted, contenders, benign, tokens);
    const rates = await warmUp(wanted, contenders, requests, signal, report);
    const rounds: Round[] = [];
    for (let number = 1; number <= options.rounds; number++) {
      report(`round ${number} of ${options.rounds}`);
      const began = Date.now();
      rounds.push(await oneRound(wanted, contenders, requests, rates, options.seconds, signal));
      const now = Date.now();
      if (number < options.rounds && now - started.getTime() + (now - began) > options.minutes * 60_000) {
        report(`${options.minutes} minutes leave no time for more rounds`);
        break;
      }
    }
    return {
      version: 1,
      started: started.toISOString(),
      minutes: (Date.now() - started.getTime()) / 60_000,
      machine,
      rounds: rounds.length,
      windowSeconds: options.seconds,
      generatorLateness: estimate(rounds.flatMap((round) => [...round.values()].map(({ atRate }) => atRate.lateness)))
        .median,
      scenarios: wanted.map((one) => scenarioResult(one, rounds, rates[one.rateClass])),
      checks: checkAll(rounds),
    };
  } finally {
    await contenders.stop();
  }
}

type Rates = Readonly<Record<Scenario["rateClass"], number>>;

/** Every scenario as fast as it goes: code gets compiled, caches fill, and the slowest of a class sets its rate. */
async function warmUp(
  wanted: readonly Scenario[],
  contenders: Contenders,
  requests: Requests,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<Rates> {
  report("warming up");
  const slowest = { get: Infinity, json: Infinity, form: Infinity };
  for (const one of wanted) {
    const introductions = requests.introductions(one);
    if (introductions !== null)
      await sendUnmeasured(contenders.get(one.contender), (url) => flatOut(url, introductions, introductionSeconds));
    const unmeasured = await requests.of(one, flatOutTokens);
    await sendUnmeasured(contenders.get(one.contender), (url) => flatOut(url, unmeasured, warmUpSeconds));
    const next = await requests.of(one, flatOutTokens);
    const { perSecond } = await visit(one, contenders, signal, (url) => flatOut(url, next, calibrationSeconds));
    slowest[one.rateClass] = Math.min(slowest[one.rateClass], perSecond);
  }
  const rateOf = (most: number) => Math.max(1, Math.floor(most * rateShare));
  return { get: rateOf(slowest.get), json: rateOf(slowest.json), form: rateOf(slowest.form) };
}

/** Each scenario for a window flat out and one at its rate, in shuffled order. */
async function oneRound(
  wanted: readonly Scenario[],
  contenders: Contenders,
  requests: Requests,
  rates: Rates,
  seconds: number,
  signal: AbortSignal,
): Promise<Round> {
  const round = new Map<string, Sample>();
  for (const one of shuffled(wanted)) {
    const rate = rates[one.rateClass];
    const many = await requests.of(one, flatOutTokens);
    const pressed = await visit(one, contenders, signal, (url) => flatOut(url, many, seconds));
    const some = await requests.of(one, Math.ceil(rate * seconds));
    const steady = await visit(one, contenders, signal, (url) => atRate(url, some, rate, seconds));
    round.set(one.id, { flatOut: pressed, atRate: steady });
  }
  return round;
}

async function visit(
  one: Scenario,
  contenders: Contenders,
  signal: AbortSignal,
  send: Parameters<typeof measure>[2],
): Promise<Window> {
  signal.throwIfAborted();
  try {
    return await measure(one, contenders.get(one.contender), send);
  } catch (error) {
    throw new Error(`${one.id}: ${(error as Error).message}`);
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

function withBaselines(chosen: readonly Scenario[]): Scenario[] {
  const baselines = chosen.flatMap(({ baseline }) => (baseline === null ? [] : [scenario(baseline)]));
  return [...new Set([...baselines, ...chosen])];
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0] as T);
}
