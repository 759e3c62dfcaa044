import { resolve } from "node:path";
import { formatProblem, PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { parseAddress } from "../gateway/ports.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { type Target, writeRendering } from "../render/rendering.ts";
import { parseFlags } from "./parse-flags.ts";
import { parseUpstream } from "./parse-upstream.ts";
import { UsageError } from "./usage-error.ts";

const targets: Record<string, () => Promise<Target>> = {
  envoy: async () => (await import("../render/envoy.ts")).renderEnvoy,
  compose: async () => (await import("../render/compose.ts")).renderCompose,
  istio: async () => (await import("../render/istio.ts")).renderIstio,
  ext_authz: async () => (await import("../render/ext-authz.ts")).renderExtAuthz,
  kubernetes: async () => (await import("../render/kubernetes.ts")).renderKubernetes,
};

const names = Object.keys(targets).join("|");
const usage = `postern render POLICY --target ${names} --out DIR [--upstream URL] [--listen A:P] [--image REF] [--second-lock]`;

/**
 * Complete, loadable configuration for one place, from the policy file alone.
 * Exit codes: 0 written, 1 the policy can't be used, 2 wrong use of the command.
 */
export async function render(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: {
      target: { type: "string" },
      out: { type: "string" },
      upstream: { type: "string" },
      listen: { type: "string" },
      image: { type: "string", default: "registry.example/postern" },
      "second-lock": { type: "boolean", default: false },
    },
  });
  const [policy, ...more] = positionals;
  const { target = "", out } = values;
  const load = Object.hasOwn(targets, target) ? targets[target] : undefined;
  if (policy === undefined || more.length > 0 || out === undefined) throw new UsageError(`usage: ${usage}`);
  if (!load) throw new UsageError(`--target ${target}: write one of ${names}.`);
  try {
    const request = {
      policyPath: resolve(policy),
      loaded: await loadPolicyWithBundle(policy),
      out: resolve(out),
      upstream: values.upstream === undefined ? null : parseUpstream(values.upstream),
      listen: values.listen === undefined ? null : parseAddress(values.listen, "--listen"),
      image: values.image,
      secondLock: values["second-lock"],
      report: (line: string) => process.stderr.write(`postern: ${line}\n`),
    };
    const rendering = await (await load())(request);
    await writeRendering(request.out, rendering);
    const files = Object.keys(rendering.files).map((path) => `  ${path}`);
    process.stdout.write(
      [`written to ${request.out}:`, ...files, "next:", ...rendering.next.map((line) => `  ${line}`), ""].join("\n"),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    for (const problem of error.problems) console.log(formatProblem(problem));
    return 1;
  }
}
