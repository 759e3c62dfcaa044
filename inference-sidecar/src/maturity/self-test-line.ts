/** One self-test of one route: a benign and an attacking probe went through the listener's filter chain. */
export interface SelfTestLine {
  readonly time: string;
  readonly selfTest: {
    readonly route: string;
    /** Digest of the policy that the filter says it judged by; the newest one where it said nothing. */
    readonly policy: string;
    /** The filter judged both probes as the policy says it must. */
    readonly proved: boolean;
    /** It denied for what the route's rung denies: a missing grant, an attack. */
    readonly access: boolean;
    readonly score: boolean;
    /** Why it is not proved; empty: it is. */
    readonly problem: string;
  };
}
