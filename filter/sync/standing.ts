import { hmacSha256 } from "../crypto/hmac-sha256";
import { Subject } from "../identity/subject";
import { CompiledPolicy } from "../policy/compiled-policy";
import { Route } from "../policy/route";
import { Rung } from "../verdict";
import { RouteState } from "./route-state";
import { SyncState } from "./sync-state";

const MILLION: u64 = 1_000_000;
/** Stands between the parts of a principal's name; no part can have it. */
const SEPARATOR: u8 = 0;

/** Where a request stands. */
export class Standing {
  constructor(
    public readonly rung: Rung,
    /** The model denies from here on, millionths; 0: as shipped. */
    public readonly modelDeny: u32,
  ) {}
}

/**
 * The rung of a request: what the policy says, unless its route has moved. A state that was made when the policy said
 * something else of the route is void, and none leads out of the route's ladder.
 */
export function standingOf(policy: CompiledPolicy, route: Route | null, subject: Subject, state: SyncState): Standing {
  if (route === null) return new Standing(<Rung>policy.mode, 0);
  const moved = state.route(route.name);
  if (moved === null || moved.mode != route.mode) return new Standing(<Rung>route.mode, 0);
  const wanted = moved.hasCanary && isInside(moved, subject) ? moved.canaryRung : moved.rung;
  const rung = <Rung>max(route.floor, min(route.ceiling, wanted));
  return new Standing(rung, rung == Rung.Adapt ? moved.modelDeny : 0);
}

/** Whoever has proved no name is inside: by none, nobody can choose where to stand. */
function isInside(moved: RouteState, subject: Subject): bool {
  const name = principal(subject);
  if (name.length == 0) return true;
  const digest = hmacSha256(moved.canarySalt, name);
  return (<u64>bswap(load<u32>(digest.dataStart)) * MILLION) >> 32 < <u64>moved.canaryShare;
}

/** The token's subject within its issuer, else the workload, else the API key's name; empty: none was verified. */
function principal(subject: Subject): Uint8Array {
  const issuer = subject.issuer;
  if (issuer === null || subject.subject.length == 0) {
    return subject.workload.length > 0 ? subject.workload : subject.apiKey;
  }
  const name = new Uint8Array(issuer.name.length + 1 + subject.subject.length);
  name.set(issuer.name);
  name[issuer.name.length] = SEPARATOR;
  name.set(subject.subject, issuer.name.length + 1);
  return name;
}
