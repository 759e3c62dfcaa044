import { resolve } from "node:path";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { parseAddress } from "../gateway/ports.ts";
import { loadPolicyWithBundle } from "../model/load-policy.ts";
import { parseImageName } from "../render/image-name.ts";
import { type Target, writeRendering } from "../render/rendering.ts";
import { parseFlags } from "./parse-flags.ts";
import { parseUpstream } from "./parse-upstream.ts";
import { UsageError } from "./usage-error.ts";

/** A target, and the flags beyond `--upstream` that have an effect on it. */
interface TargetEntry {
  readonly flags: readonly string[];
  readonly load: () => Promise<Target>;
}

const targets: Readonly<Record<string, TargetEntry>> = {
  envoy: { flags: ["listen", "second-lock"], load: async () => (await import("../render/envoy.ts")).renderEnvoy },
  compose: { flags: ["listen"], load: async () => (await import("../render/compose.ts")).renderCompose },
  istio: { flags: ["image"], load: async () => (await import("../render/istio.ts")).renderIstio },
  ext_authz: { flags: ["listen"], load: async () => (await import("../render/ext-authz.ts")).renderExtAuthz },
  kubernetes: {
    flags: ["listen", "image"],
    load: async () => (await import("../render/kubernetes.ts")).renderKubernetes,
  },
};

const names = Object.keys(targets).join("|");
const usage = `postern render POLICY --target ${names} --out DIR [--upstream URL] [--listen A:P] [--image REF] [--second-lock]`;
const defaultImage = "registry.example/postern";

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
      image: { type: "string" },
      "second-lock": { type: "boolean" },
    },
  });
  const [policy, ...more] = positionals;
  const { target = "", out } = values;
  const entry = Object.hasOwn(targets, target) ? targets[target] : undefined;
  if (policy === undefined || more.length > 0 || out === undefined) throw new UsageError(`usage: ${usage}`);
  if (!entry) throw new UsageError(`--target ${target}: write one of ${names}.`);
  for (const flag of ["listen", "image", "second-lock"] as const) {
    if (values[flag] === undefined || entry.flags.includes(flag)) continue;
    throw new UsageError(`--${flag} has no effect with --target ${target}: leave it out.`);
  }
  try {
    const request = {
      policyPath: resolve(policy),
      loaded: await loadPolicyWithBundle(policy),
      out: resolve(out),
      upstream: values.upstream === undefined ? null : parseUpstream(values.upstream),
      listen: values.listen === undefined ? null : parseAddress(values.listen, "--listen"),
      image: parseImageName(values.image ?? defaultImage),
      secondLock: values["second-lock"] ?? false,
      report: (line: string) => process.stderr.write(`postern: ${line}\n`),
    };
    const rendering = await (await entry.load())(request);
    const { removed, kept } = await writeRendering(request.out, rendering);
    const lines = [
      ...section(`written to ${request.out}:`, Object.keys(rendering.files)),
      ...section("removed, of an earlier rendering:", removed),
      ...section(
        "of an earlier rendering too, but changed since, so still there. Remove what is not to be used:",
        kept,
      ),
      ...section("next:", rendering.next),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    console.log(error.message);
    return 1;
  }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
