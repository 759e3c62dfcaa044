import type { Core } from "../core/core.ts";
import type { Gate } from "../core/gate.ts";
import { FileWatch } from "../file-watch.ts";
import type { Calibration } from "../policy/calibration.ts";
import { compilePolicy } from "../policy/compile.ts";
import { loadPolicy } from "../policy/load.ts";
import { PolicyError } from "../policy/problem.ts";
import { logEvent } from "../process-log.ts";
import { StartError } from "../start-error.ts";
import { refuseBeyondReach } from "./beyond-reach.ts";

/** The policy in force, in the core, also while its file changes: an invalid one leaves the last good one. */
export class PolicyGate {
  readonly #core: Core;
  readonly #path: string;
  readonly #calibration: Calibration | null;
  readonly #watch: FileWatch;
  #current: { readonly gate: Gate; readonly digest: Uint8Array };

  private constructor(
    core: Core,
    path: string,
    calibration: Calibration | null,
    current: { gate: Gate; digest: Uint8Array },
  ) {
    this.#core = core;
    this.#path = path;
    this.#calibration = calibration;
    this.#current = current;
    this.#watch = new FileWatch(() => this.#renew());
  }

  /** @throws StartError the policy can't be used */
  static async open(core: Core, path: string, calibration: Calibration | null): Promise<PolicyGate> {
    try {
      const { gate, files, digest } = await openPolicy(core, path, calibration);
      core.rememberProofs();
      const opened = new PolicyGate(core, path, calibration, { gate, digest });
      opened.#watch.watch(files);
      return opened;
    } catch (error) {
      throw new StartError("configuration", `${path}: ${(error as Error).message}`);
    }
  }

  get current(): { readonly gate: Gate; readonly digest: Uint8Array } {
    return this.#current;
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  async #renew(): Promise<void> {
    try {
      const { gate, files, digest } = await openPolicy(this.#core, this.#path, this.#calibration);
      this.#watch.watch(files);
      const before = this.#current.gate;
      this.#current = { gate, digest };
      before.close();
      logEvent("info", "policy_in_force", { digest: Buffer.from(digest).toString("hex") });
    } catch (error) {
      if (error instanceof PolicyError) this.#watch.watch([this.#path, ...error.files]);
      logEvent("error", "policy_refused", { message: (error as Error).message });
    }
  }
}

async function openPolicy(core: Core, path: string, calibration: Calibration | null) {
  const { policy, files } = await loadPolicy(path, calibration);
  refuseBeyondReach(policy);
  const { blob, digest } = compilePolicy(policy);
  const secrets = policy.issuers.flatMap(({ secret }) => (secret ? [[secret.environmentName, secret.secret]] : []));
  return { gate: core.openGate(blob, Object.fromEntries(secrets)), files, digest };
}
