import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import type { Core, Gate } from "../core.ts";
import { secretsOf } from "../gateway/policy-force.ts";
import { type Moved, standingOn } from "./ladder-then.ts";

/** Open at a time: one for those inside a canary, one for the others, and some of the moves before. */
const OPEN_MOST = 8;

/** Gates of one policy, each with its routes on the rungs on which the ladder once had them. */
export class Gates {
  readonly #core: Core;
  readonly #policy: Policy;
  readonly #open = new Map<string, Gate>();

  constructor(core: Core, policy: Policy) {
    this.#core = core;
    this.#policy = policy;
  }

  of(moved: ReadonlyMap<string, Moved>): Gate {
    const key = JSON.stringify([...moved].sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const policy = standingOn(this.#policy, moved);
    const gate = this.#core.openGate(compilePolicy(policy).blob, secretsOf(policy));
    this.#open.set(key, gate);
    for (const [oldest, one] of this.#open) {
      if (this.#open.size <= OPEN_MOST) break;
      one.close();
      this.#open.delete(oldest);
    }
    return gate;
  }
}
