import { readFile, stat } from "node:fs/promises";
import { FileWatch } from "./file-watch.ts";
import { fromProtocol1 } from "./policy/former-policy.ts";
import type { PolicyInForce } from "./policy/in-force.ts";
import type { Policy } from "./policy/policy.ts";
import { logEvent } from "./process-log.ts";
import { isCompatible, PROTOCOL } from "./protocol.ts";
import { StartError } from "./start-error.ts";

const FILE_MOST_BYTES = 32 * 1024 * 1024;
/** Whoever could not follow, as on a full disk, is told again after so long. */
const RETRY_MS = 2_000;

type Listener = (policy: PolicyInForce) => Promise<void>;

/** The text that whoever puts a policy in force leaves for the sidecar. Byte strings are base64. */
export function policyForSidecar(policy: Policy, digest: string): string {
  const issuers = policy.issuers.map(({ keys, secret, ...issuer }) => ({
    ...issuer,
    kids: keys.map(({ kid }) => kid),
  }));
  const inForce: PolicyInForce = { protocol: PROTOCOL, digest, policy: { ...policy, issuers } };
  return JSON.stringify(inForce, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
}

/** The policy in force as its file says, also while that changes. */
export class PolicySource {
  #current: PolicyInForce | null = null;
  /** What the file held: not all that the sidecar goes by is in the compiled policy, and so in its digest. */
  #text = "";
  readonly #file: string;
  readonly #listeners: Listener[] = [];
  /** Those who do not go by the current one yet. */
  #behind: readonly Listener[] = [];
  #retry: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  readonly #watch: FileWatch;

  private constructor(file: string) {
    this.#file = file;
    this.#watch = new FileWatch(() => this.refresh());
  }

  static async open(file: string): Promise<PolicySource> {
    const source = new PolicySource(file);
    await source.refresh();
    source.#watch.watch([file]);
    return source;
  }

  /** Null: none has been put in force yet. */
  get current(): PolicyInForce | null {
    return this.#current;
  }

  /**
   * Has `listener` take the policy now, if there is one, and each that follows; where it can't, again a moment later.
   * @throws StartError that the listener has thrown
   */
  async follow(listener: Listener): Promise<void> {
    this.#listeners.push(listener);
    if (this.#current === null) return;
    await listener(this.#current).catch((error: Error) => {
      if (error instanceof StartError) throw error;
      this.#missed(listener, error);
    });
  }

  /** Looks at the file now. Resolves once whoever follows has what it says. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  close(): Promise<void> {
    clearTimeout(this.#retry ?? undefined);
    return this.#watch.close();
  }

  async #read(): Promise<void> {
    const text = await readPolicy(this.#file);
    if (text === null || text === this.#text) return;
    const policy = parsePolicy(text);
    if (policy === null) return;
    this.#text = text;
    this.#current = policy;
    this.#behind = this.#listeners;
    await this.#tell(policy);
  }

  async #tell(policy: PolicyInForce): Promise<void> {
    const told = this.#behind;
    this.#behind = [];
    for (const listener of told) await listener(policy).catch((error: Error) => this.#missed(listener, error));
  }

  #missed(listener: Listener, { message }: Error): void {
    logEvent("error", "policy_not_followed", { message });
    this.#behind = [...this.#behind, listener];
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#reading = this.#reading.then(() => (this.#current === null ? undefined : this.#tell(this.#current)));
    }, RETRY_MS).unref();
  }
}

async function readPolicy(file: string): Promise<string | null> {
  try {
    if ((await stat(file)).size > FILE_MOST_BYTES) throw new Error(`${file} has more than ${FILE_MOST_BYTES} bytes`);
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") unreadable(error as Error);
    return null;
  }
}

function parsePolicy(text: string): PolicyInForce | null {
  try {
    const policy = JSON.parse(text) as PolicyInForce;
    const { protocol = 0 } = policy;
    if (protocol === 0) return { ...policy, policy: fromProtocol1(policy.policy) };
    if (isCompatible(protocol)) return policy;
    throw new Error(
      `the gateway speaks protocol ${protocol}, the sidecar ${PROTOCOL} and one step each way [wrong_pair]`,
    );
  } catch (error) {
    unreadable(error as Error);
    return null;
  }
}

function unreadable({ message }: Error): void {
  logEvent("error", "policy_unreadable", { message });
}
