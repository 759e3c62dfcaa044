import type { Assertions } from "../assertion/assertions.ts";
import type { Core } from "../core/core.ts";
import type { Gate } from "../core/gate.ts";
import { FileWatch } from "../file-watch.ts";
import type { Calibration } from "../policy/calibration.ts";
import { loadPolicy } from "../policy/load.ts";
import type { Subjects } from "../policy/policy.ts";
import { PolicyError } from "../policy/problem.ts";
import { logEvent } from "../process-log.ts";
import { StartError } from "../start-error.ts";
import { refuseBeyondReach } from "./beyond-reach.ts";

interface PolicyGateParts {
  readonly core: Core;
  /** Of the policy, YAML. */
  readonly policyPath: string;
  /** Of the bundle, for the policy's budgets. */
  readonly calibration: Calibration | null;
  /** Have their keys before a policy that asks for them is in force. */
  readonly assertions: Assertions;
}

interface OpenPolicy {
  readonly gate: Gate;
  readonly digest: Uint8Array;
  readonly subjects: Subjects;
  readonly files: readonly string[];
}

/** The policy in force, in the core, also while its file changes: an invalid one leaves the last good one. */
export class PolicyGate {
  readonly #parts: PolicyGateParts;
  readonly #watch: FileWatch;
  #current: OpenPolicy;

  private constructor(parts: PolicyGateParts, current: OpenPolicy) {
    this.#parts = parts;
    this.#current = current;
    this.#watch = new FileWatch(() => this.#renew());
    this.#watch.watch(current.files);
  }

  /** @throws StartError the policy can't be used */
  static async open(parts: PolicyGateParts): Promise<PolicyGate> {
    try {
      const current = await open(await compile(parts), parts);
      parts.core.rememberProofs();
      return new PolicyGate(parts, current);
    } catch (error) {
      throw new StartError("configuration", `${parts.policyPath}: ${(error as Error).message}`);
    }
  }

  get current(): Omit<OpenPolicy, "files"> {
    return this.#current;
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  /** What is wrong with a policy stays so until it changes; what else fails, such as a full disk, is tried again by the watch. */
  async #renew(): Promise<void> {
    let compiled: CompiledPolicy;
    try {
      compiled = await compile(this.#parts);
    } catch (error) {
      if (error instanceof PolicyError) this.#watch.watch([this.#parts.policyPath, ...error.files]);
      logEvent("error", "policy_refused", { message: (error as Error).message });
      return;
    }
    const { gate: before } = this.#current;
    this.#current = await open(compiled, this.#parts);
    this.#watch.watch(this.#current.files);
    before.close();
    logEvent("info", "policy_in_force", { digest: Buffer.from(this.#current.digest).toString("hex") });
  }
}

type CompiledPolicy = Awaited<ReturnType<typeof compile>>;

/** @throws Error it can't be used */
async function compile({ policyPath, calibration }: PolicyGateParts) {
  const { policy, files, compiled } = await loadPolicy(policyPath, calibration);
  refuseBeyondReach(policy);
  return { policy, files, ...compiled };
}

async function open(
  { policy, files, blob, digest }: CompiledPolicy,
  { core, assertions }: PolicyGateParts,
): Promise<OpenPolicy> {
  await assertions.follow(policy.assertion !== null);
  const secrets = policy.issuers.flatMap(({ secret }) => (secret ? [[secret.environmentName, secret.secret]] : []));
  return { gate: core.openGate(blob, Object.fromEntries(secrets)), digest, subjects: policy.subjects, files };
}
