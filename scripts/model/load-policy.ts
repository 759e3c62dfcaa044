import { type Calibration, readCalibration } from "../../inference-sidecar/src/policy/calibration.ts";
import { type LoadedPolicy, loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { shippedBundle } from "./shipped-bundle.ts";

/**
 * Reads a policy file; its budgets are those of the bundle that ships, unless another is named.
 * @throws PolicyError with all that is wrong with it
 */
export async function loadPolicyWithBundle(path: string, bundleDirectory?: string): Promise<LoadedPolicy> {
  return loadPolicy(path, await calibrationOf(bundleDirectory));
}

/** Null: the bundle has none, or can't be read: then no budget is promised. */
export async function calibrationOf(bundleDirectory = shippedBundle): Promise<Calibration | null> {
  return readCalibration(bundleDirectory).catch(() => null);
}
