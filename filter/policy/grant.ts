import { NONE, SECTION_GRANTS } from "./blob-layout";
import { Circumstances } from "./circumstances";
import { CompiledPolicy } from "./compiled-policy";
import { satisfies } from "./grant-match";
import { Route } from "./route";

export const enum GrantEffect {
  /** No grant fits. */
  None,
  Allow,
  /** A grant that denies fits: it wins over all that allow. */
  Deny,
}

/** What the grants of a route say. Grants are named by their index in the policy; -1: none. */
export class GrantFinding {
  constructor(
    public readonly effect: GrantEffect,
    /** The first that fits, of those that allow or deny. */
    public readonly grant: i32,
    /** The first that would have decided, had it not expired. */
    public readonly expired: i32,
  ) {}

  static none(): GrantFinding {
    return new GrantFinding(GrantEffect.None, -1, -1);
  }
}

/** Deny first, then allow, each in the order of the policy; a grant that has expired decides nothing. */
export function judgeGrants(policy: CompiledPolicy, route: Route, asked: Circumstances): GrantFinding {
  const denied = firstFit(policy, route.firstDeny, route.denyCount, true, asked);
  if (denied >= 0) return new GrantFinding(GrantEffect.Deny, denied, -1);
  const expiredDeny = lapsed;
  const allowed = firstFit(policy, route.firstGrant, route.grantCount, false, asked);
  const expired = expiredDeny >= 0 || allowed >= 0 ? expiredDeny : lapsed;
  return new GrantFinding(allowed >= 0 ? GrantEffect.Allow : GrantEffect.None, allowed, expired);
}

/** The id of a grant. */
export function grantId(policy: CompiledPolicy, grant: i32): Uint8Array {
  return policy.blob.string(load<u32>(policy.blob.record(SECTION_GRANTS, grant), 28));
}

/** Whether the grant asks for a token. */
export function namesToken(policy: CompiledPolicy, grant: i32): bool {
  return load<u32>(policy.blob.record(SECTION_GRANTS, grant)) != NONE;
}

/** Whether the grant asks for one of some workloads. */
export function namesWorkload(policy: CompiledPolicy, grant: i32): bool {
  return load<u32>(policy.blob.record(SECTION_GRANTS, grant), 24) > 0;
}

/** The first expired grant that `firstFit` met and that would have fitted; -1: none. */
let lapsed: i32 = -1;

function firstFit(policy: CompiledPolicy, start: i32, count: i32, denies: bool, asked: Circumstances): i32 {
  lapsed = -1;
  for (let i = start; i < start + count; i++) {
    const grant = policy.blob.record(SECTION_GRANTS, i);
    // NONE is in the year 2106: what never expires needs no case of its own.
    const expired = asked.nowSeconds >= <i64>load<u32>(grant, 32);
    if ((expired && lapsed >= 0) || !satisfies(policy.blob, grant, denies, asked)) continue;
    if (!expired) return i;
    lapsed = i;
  }
  return -1;
}
