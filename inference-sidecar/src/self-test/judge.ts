import { denialKind } from "../maturity/denial.ts";
import type { SelfTestLine } from "../maturity/self-test-line.ts";
import { MODES, type Mode, type Route } from "../policy/policy.ts";
import type { ProbeAnswer } from "./answer.ts";
import type { ProbeKind } from "./probe.ts";

type Outcome = Omit<SelfTestLine["selfTest"], "route">;

const DETECT = MODES.indexOf("detect");
const PREVENT = MODES.indexOf("prevent");
const PERMITTED = "permitted";

/**
 * Whether the filter enforces on a route what the rung asks for, by its answers to the probes. Pure.
 * @param stands where the route itself stands: a probe has no name, and so is inside whatever canary there is
 */
export function judge(
  route: Pick<Route, "name" | "public" | "score">,
  stands: Mode,
  answers: Readonly<Record<ProbeKind, ProbeAnswer>>,
): Outcome {
  const { benign, unclean, attack } = answers;
  const rung = Math.min(benign.rung, MODES.indexOf(stands));
  const enforces = rung >= DETECT;
  const access = !route.public && enforces && benign.denied && denialKind(benign.access) === "access";
  const scored = route.score.inspect !== "off";
  const found = denialKind(attack.score) === "score";
  const stopped = scored && found && attack.rung >= PREVENT && attack.denied;
  const problem = firstProblem([
    [[benign, unclean, attack].some((answer) => answer.route !== route.name), "another route takes its requests"],
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
