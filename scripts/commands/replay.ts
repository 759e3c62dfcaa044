import { resolve } from "node:path";
import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { bundleInForce } from "../model/bundle-in-force.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { shippedBundle } from "../model/shipped-bundle.ts";
import type { Outcome } from "../replay/comparison.ts";
import { policyInForce } from "../replay/policy-in-force.ts";
import { replay as replayLog } from "../replay/replay.ts";
import { renderReplay } from "../replay/text.ts";
import { parseFlags } from "./parse-flags.ts";

const usage = "postern replay [--state DIR] [--policy P] [--model DIR] [--json]";

const exitCodes: Readonly<Record<Outcome, number>> = { same: 0, different: 1, too_few: 3, nothing: 3 };

/**
 * Judges the recorded decisions anew, by another policy or another model.
 * Exit codes: 0 none would be another one; 1 some would, or there was an error; 2 wrong use; 3 none would of those that
 * could be judged, which are too few, or none.
 */
export async function replay(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: {
      state: { type: "string", default: "./.postern" },
      policy: { type: "string" },
      model: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const bundle = values.model === undefined ? await bundleInForce(values.state) : resolve(values.model);
  const policy =
    values.policy === undefined
      ? await policyInForce(values.state)
      : await usablePolicy(values.policy, bundle ?? undefined);
  const { digest } = await loadBundle(bundle ?? shippedBundle);
  const report = await replayLog({
    stateDirectory: values.state,
    policy,
    bundle,
    bundleDigest: digest.toString("hex"),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : renderReplay(report));
  return exitCodes[report.outcome];
}

async function usablePolicy(path: string, bundle: string | undefined): Promise<Policy> {
  try {
    return (await loadPolicyWithBundle(path, bundle)).policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new Error(`the policy can't be used:\n${error.message}`);
  }
}
