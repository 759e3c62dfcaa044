/** One self-test of one route: probes went through the listener's filter chain. */
export interface SelfTestLine {
  readonly time: string;
  readonly selfTest: {
    readonly route: string;
    /** Digest of the policy that the filter says it judged by; the newest one where it said nothing. */
    readonly policy: string;
    /** The rung that the probes met, or the route's own where that is lower (they are inside each canary); empty: the filter said nothing. */
    readonly rung: string;
    /** The filter judged the probes as the policy says it must. */
    readonly proved: boolean;
    /** A probe came through that nothing had judged. */
    readonly inert: boolean;
    /** It denied for what the route's rung denies: a missing grant, an attack. */
    readonly access: boolean;
    readonly score: boolean;
    /** Why it is not proved; empty: it is. */
    readonly problem: string;
  };
}
