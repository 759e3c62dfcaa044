import { denialKind } from "../maturity/denial.ts";
import type { SelfTestLine } from "../maturity/self-test-line.ts";
import type { Route } from "../policy/policy.ts";
import type { ProbeAnswer } from "./answer.ts";
import type { ProbeKind } from "./probe.ts";

type Outcome = Omit<SelfTestLine["selfTest"], "route">;

/** In the order of `postern.v1.Rung`. */
const RUNGS = ["observe", "detect", "prevent", "adapt"];
const DETECT = 1;
const PREVENT = 2;
const PERMITTED = "permitted";

/** Whether the filter enforces on a route what the rung asks for, by its answers to the probes. Pure. */
export function judge(
  route: Pick<Route, "name" | "public" | "score">,
  answers: Readonly<Record<ProbeKind, ProbeAnswer>>,
): Outcome {
  const { benign, unclean, attack } = answers;
  const enforces = benign.rung >= DETECT;
  const access = !route.public && enforces && benign.denied && denialKind(benign.access) === "access";
  const scored = route.score.inspect !== "off";
  const found = denialKind(attack.score) === "score";
  const score = scored && found && attack.rung >= PREVENT && attack.denied;
  const problem = firstProblem([
    [[benign, unclean, attack].some((answer) => answer.route !== route.name), "another route takes its requests"],
    [!enforces, "nothing is enforced on observe"],
    [!unclean.denied, "a request that overrides its method is not denied"],
    [!route.public && !access, "a request without identity is not denied"],
    [scored && !found, `an attack is not found (${attack.score})`],
    [scored && attack.rung >= PREVENT && !score, "an attack is not denied"],
    [benign.score !== PERMITTED, `a good request is not found good (${benign.score})`],
  ]);
  const rung = RUNGS[benign.rung] ?? "";
  return { policy: benign.policy, rung, proved: problem === "", inert: false, access, score, problem };
}

function firstProblem(checks: readonly (readonly [boolean, string])[]): string {
  return checks.find(([holds]) => holds)?.[1] ?? "";
}
