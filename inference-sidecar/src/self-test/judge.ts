import { denialKind } from "../maturity/denial.ts";
import type { SelfTestLine } from "../maturity/self-test-line.ts";
import { MODES, type Mode, type Route } from "../policy/policy.ts";
import type { ProbeAnswer } from "./answer.ts";
import type { ProbeKind } from "./probe.ts";

type Outcome = Omit<SelfTestLine["selfTest"], "route">;

const DETECT = MODES.indexOf("detect");
const PREVENT = MODES.indexOf("prevent");
const PERMITTED = "permitted";
const OTHER_POLICY = "the filter judges by another policy than the one in force";
const LOWER_RUNG = "the filter has it on a lower rung than the one where it stands";

/** What the filter is to enforce on a route. */
export interface InForce {
  /** Digest of the policy. */
  readonly policy: string;
  /** Where the route itself stands: a probe has no name, and so is inside whatever canary there is. */
  readonly stands: Mode;
}

/** Whether the filter, by its answer, has not yet taken what is in force, or does not: only time tells which. */
export function isBehind({ problem }: Pick<Outcome, "problem">): boolean {
  return problem === OTHER_POLICY || problem === LOWER_RUNG;
}

/** Whether the filter enforces on a route what the rung asks for, by its answers to the probes. Pure. */
export function judge(
  route: Pick<Route, "name" | "public" | "score">,
  { policy, stands }: InForce,
  answers: Readonly<Record<ProbeKind, ProbeAnswer>>,
): Outcome {
  const { benign, unclean, attack } = answers;
  const all = [benign, unclean, attack];
  const rung = Math.min(benign.rung, MODES.indexOf(stands));
  const enforces = rung >= DETECT;
  const access = !route.public && enforces && benign.denied && denialKind(benign.access) === "access";
  const scored = route.score.inspect !== "off";
  const found = denialKind(attack.score) === "score";
  const stopped = scored && found && attack.rung >= PREVENT && attack.denied;
  const problem = firstProblem([
    [all.some((answer) => answer.policy !== policy), OTHER_POLICY],
    [all.some((answer) => answer.rung < MODES.indexOf(stands)), LOWER_RUNG],
    [all.some((answer) => answer.route !== route.name), "another route takes its requests"],
    [!enforces, "nothing is enforced on observe"],
    [!unclean.denied, "a request that overrides its method is not denied"],
    [!route.public && !access, "a request without identity is not denied"],
    [scored && !found, `an attack is not found (${attack.score})`],
    [scored && attack.rung >= PREVENT && !stopped, "an attack is not denied"],
    [benign.score !== PERMITTED, `a good request is not found good (${benign.score})`],
  ]);
  const score = stopped && rung >= PREVENT;
  return {
    policy: benign.policy,
    rung: MODES[rung] ?? "",
    proved: problem === "",
    inert: false,
    access,
    score,
    problem,
  };
}

function firstProblem(checks: readonly (readonly [boolean, string])[]): string {
  return checks.find(([holds]) => holds)?.[1] ?? "";
}
