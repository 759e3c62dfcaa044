import { isDeepStrictEqual } from "node:util";
import { createTwoFilesPatch } from "diff";
import { type Configuration, describeConfiguration } from "../../inference-sidecar/src/maturity/configuration.ts";
import type { Calibration } from "../../inference-sidecar/src/policy/calibration.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { applyEdit, PolicyEditor } from "./edit.ts";
import type { Proposal } from "./proposal.ts";

export interface Suggestion {
  readonly proposals: readonly (Proposal & {
    /** Whether the diff has it; what it has not must be done by hand. */
    readonly inDiff: boolean;
  })[];
  /** Unified, for `patch` and `git apply`; empty: there is nothing in it. */
  readonly diff: string;
}

/** What a policy file says. */
interface PolicyFile {
  readonly text: string;
  readonly path: string;
  /** By which its budgets are held: that of the bundle in force. */
  readonly calibration: Calibration | null;
}

/**
 * Makes proposals in a policy's text, as far as each leaves a valid policy of which no other route is another one.
 * @throws PolicyError the text is no valid policy
 */
export async function suggestFor(file: PolicyFile, proposals: readonly Proposal[]): Promise<Suggestion> {
  const { text, path } = file;
  let edited = text;
  let policy = await policyOf(file);
  const made = new Set<Proposal>();
  // The last grant of a route first: what it takes away moves no other.
  for (const proposal of [...proposals].reverse()) {
    const edit = new PolicyEditor(edited).edit(proposal);
    if (edit === null) continue;
    const next = applyEdit(edited, edit);
    const changed = await policyOf({ ...file, text: next }).catch(() => null);
    // What an anchor names may stand in other routes, too.
    if (changed === null || !isDeepStrictEqual(without(policy, proposal.route), without(changed, proposal.route))) {
      continue;
    }
    edited = next;
    policy = changed;
    made.add(proposal);
  }
  return {
    proposals: proposals.map((proposal) => ({ ...proposal, inDiff: made.has(proposal) })),
    diff: edited === text ? "" : createTwoFilesPatch(path, path, text, edited, "today", "suggested"),
  };
}

/** Routes of which a policy's text asks something else than what was observed: of them nothing can be proposed. */
export async function changedRoutes(file: PolicyFile, observed: Configuration): Promise<string[]> {
  const { routes } = describeConfiguration(await policyOf(file), "");
  return routes
    .filter(({ name, rung, rules }) => {
      const then = observed.routes.find((route) => route.name === name);
      return then !== undefined && (then.rung !== rung || then.rules !== rules);
    })
    .map(({ name }) => name);
}

async function policyOf({ text, path, calibration }: PolicyFile): Promise<Policy> {
  return (await parsePolicy(text, path, calibration)).policy;
}

function without(policy: Policy, name: string): Policy {
  return { ...policy, routes: policy.routes.filter((route) => route.name !== name) };
}
