import { EnvoyEnvironment } from "./enforcement/envoy-environment";
import { TokenCache } from "./identity/token-cache";
import { CompiledPolicy } from "./policy/compiled-policy";
import { DecisionMetrics } from "./report/metrics";
import { Synchronisation } from "./sync/synchronisation";

/**
 * What one accepted policy brings with it. A stream keeps the gate under which it began: old and new policy are never
 * mixed, and no token verified under one is believed under another.
 */
export class Gate {
  readonly tokens: TokenCache = new TokenCache();
  readonly metrics: DecisionMetrics = new DecisionMetrics();

  constructor(
    public readonly policy: CompiledPolicy,
    public readonly environment: EnvoyEnvironment,
    public readonly synchronisation: Synchronisation,
  ) {}
}
