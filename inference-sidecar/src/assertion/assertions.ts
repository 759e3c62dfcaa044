import { logEvent } from "../process-log.ts";
import { AssertionKeys } from "./signing-keys.ts";

/** The keys of assertions, from when a policy first asks for them on. */
export class Assertions {
  #keys: AssertionKeys | null = null;
  readonly #stateDirectory: string;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
  }

  /** Null: no policy has asked for them. */
  get keys(): AssertionKeys | null {
    return this.#keys;
  }

  async follow(isAskedFor: boolean): Promise<void> {
    if (!isAskedFor || this.#keys !== null) return;
    this.#keys = await AssertionKeys.open(this.#stateDirectory);
    logEvent("info", "assertion_key", { kid: this.#keys.current.jwk.kid });
  }

  async close(): Promise<void> {
    await this.#keys?.close();
  }
}
