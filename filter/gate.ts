import { equal } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { EnvoyEnvironment } from "./enforcement/envoy-environment";
import { peerCertificate } from "./enforcement/peer";
import { Evaluation } from "./evaluate";
import { AssertionCache } from "./identity/assertion-cache";
import { Inquiry } from "./identity/inquiry";
import { TokenCache } from "./identity/token-cache";
import { CompiledPolicy } from "./policy/compiled-policy";
import { DecisionMetrics } from "./report/metrics";
import { SyncState } from "./sync/sync-state";
import { Synchronisation } from "./sync/synchronisation";

/**
 * What one accepted policy brings with it. A stream keeps the gate under which it began: old and new policy are never
 * mixed, and no token verified under one is believed under another.
 */
export class Gate {
  readonly tokens: TokenCache = new TokenCache();
  readonly assertions: AssertionCache = new AssertionCache();
  readonly metrics: DecisionMetrics = new DecisionMetrics();

  private taken: SyncState = SyncState.NONE;

  constructor(
    public readonly policy: CompiledPolicy,
    public readonly environment: EnvoyEnvironment,
    public readonly synchronisation: Synchronisation,
  ) {}

  /** A request by this policy and what is known by now: stages 1 to 3. */
  evaluate(headers: HeaderMap, inquiry: Inquiry): Evaluation {
    this.takeState();
    const peer = peerCertificate(this.policy, this.environment);
    return new Evaluation(
      this.policy,
      this.environment,
      this.tokens,
      this.assertions,
      headers,
      peer,
      inquiry,
      this.synchronisation.state,
    );
  }

  /** Has the policy stand on the state that is known by now: keys that it leaves to be fetched, and what is revoked. */
  takeState(): void {
    const policy = this.policy;
    const state = this.synchronisation.state;
    policy.revocationsConfirmedMillis = this.synchronisation.confirmedMillis;
    if (state === this.taken) return;
    this.taken = state;
    policy.revocations = state.revocations;
    for (let i = 0; i < state.keys.length; i++) {
      const fetched = state.keys[i];
      for (let j = 0; j < policy.issuers.length; j++) {
        const issuer = policy.issuers[j];
        if (equal(issuer.name, fetched.issuer)) issuer.useKeys(fetched.keys, fetched.fetchedMillis, fetched.uri);
      }
    }
  }
}
