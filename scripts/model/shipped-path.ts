import { loadBundle, type Thresholds } from "../../inference-sidecar/src/bundle.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { type CoreRequest, type Evaluation, loadCore } from "../core.ts";
import { shippedBundle } from "./shipped-bundle.ts";
import { loadShippedModel } from "./shipped-model.ts";

/** Everything is public and as `prevent` has it by default, but for the largest bodies that a policy may allow. */
const everything = `
version: 1
mode: prevent
routes:
  - { name: everything, match: { path: /** }, public: true, score: { maxBody: 256KiB } }
`;

/** What a request meets in `prevent`, in this process. */
export interface ShippedPath {
  /** Of the bundle, hexadecimal. */
  readonly digest: string;
  readonly thresholds: Thresholds;
  /** The final evaluation, one at a time. The same request always gets the same, however long it takes. */
  judge(request: CoreRequest): Promise<Evaluation>;
}

/**
 * The whole way of a score: values, screen and verdict by the core, compiled from the filter's sources; tokenizer, model
 * and runtime as in the sidecar.
 * @throws Error the bundle can't be used
 */
export async function openShippedPath(bundleDirectory = shippedBundle): Promise<ShippedPath> {
  const { digest } = await loadBundle(bundleDirectory);
  const core = await loadCore(bundleDirectory);
  const { compiled } = await parsePolicy(everything, "policy.yaml");
  const gate = core.openGate(compiled.blob);
  const ask = await loadShippedModel(bundleDirectory);
  const at = Date.now();
  return {
    digest: digest.toString("hex"),
    thresholds: core.thresholds(),
    judge: (request) => gate.decide({ ...request, at }, ask),
  };
}
