import type { Contenders } from "./contenders.ts";
import { flatOut } from "./load.ts";
import { measure, sendUnmeasured } from "./measure.ts";
import type { Requests } from "./requests.ts";
import type { Scenario } from "./scenarios.ts";

const warmUpSeconds = 0.5;
/** At most. */
const introductionSeconds = 60;
const calibrationSeconds = 1;
/** For each window, which ends when they are used up. */
const newTokens = 2_500;
/** Of what the slowest contender of a class can do. */
const rateShare = 0.5;

/** Requests a second. */
export type Rates = Readonly<Record<Scenario["rateClass"], number>>;

/** Every scenario as fast as it goes: code gets compiled, caches fill, and the slowest of a class sets its rate. */
export async function warmUp(
  wanted: readonly Scenario[],
  contenders: Contenders,
  requests: Requests,
  signal: AbortSignal,
): Promise<Rates> {
  const slowest = { get: Infinity, json: Infinity, form: Infinity };
  for (const one of wanted) {
    signal.throwIfAborted();
    const contender = contenders.get(one.contender);
    const introductions = requests.introductions(one);
    if (introductions !== null)
      await sendUnmeasured(contender, (url) => flatOut(url, introductions, introductionSeconds));
    const unmeasured = requests.of(one, await requests.mint([one], newTokens));
    await sendUnmeasured(contender, (url) => flatOut(url, unmeasured, warmUpSeconds));
    const next = requests.of(one, await requests.mint([one], newTokens));
    const { perSecond } = await measure(one, contender, (url) => flatOut(url, next, calibrationSeconds));
    slowest[one.rateClass] = Math.min(slowest[one.rateClass], perSecond);
  }
  const rateOf = (most: number) => Math.max(1, Math.floor(most * rateShare));
  return { get: rateOf(slowest.get), json: rateOf(slowest.json), form: rateOf(slowest.form) };
}
