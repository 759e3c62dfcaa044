import { createTwoFilesPatch } from "diff";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { calibrationOf } from "../model/load-policy.ts";
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

/** Makes proposals in a policy's text, as far as each leaves a valid policy. @param path of the file that the text is of */
export async function suggestFor(text: string, path: string, proposals: readonly Proposal[]): Promise<Suggestion> {
  let edited = text;
  const made = new Set<Proposal>();
  // The last grant of a route first: what it takes away moves no other.
  for (const proposal of [...proposals].reverse()) {
    const edit = new PolicyEditor(edited).edit(proposal);
    if (edit === null) continue;
    const next = applyEdit(edited, edit);
    if (!(await isValid(next, path))) continue;
    edited = next;
    made.add(proposal);
  }
  return {
    proposals: proposals.map((proposal) => ({ ...proposal, inDiff: made.has(proposal) })),
    diff: edited === text ? "" : createTwoFilesPatch(path, path, text, edited, "today", "suggested"),
  };
}

async function isValid(text: string, path: string): Promise<boolean> {
  return parsePolicy(text, path, await calibrationOf()).then(
    () => true,
    () => false,
  );
}
