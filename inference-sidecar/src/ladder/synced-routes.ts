import type { Mode } from "../policy/policy.ts";
import type { RouteState, WireRung } from "../sync/synced-state.ts";
import type { RouteRecord } from "./route-record.ts";

/** What the workers must know: the routes that do not stand as the policy says, by the bytes of their names. */
export function syncedRoutes(records: readonly RouteRecord[]): RouteState[] {
  return records
    .filter(({ mode, rung, canary, modelDeny }) => mode !== rung || canary !== null || modelDeny > 0)
    .map(({ route, mode, rung, canary, modelDeny }) => ({
      route,
      mode: wireRung(mode),
      rung: wireRung(rung),
      canary: canary && {
        rung: wireRung(canary.rung),
        shareMillionths: canary.shareMillionths,
        salt: Buffer.from(canary.salt, "hex"),
      },
      modelDenyMillionths: modelDeny,
    }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.route), Buffer.from(b.route)));
}

function wireRung(mode: Mode): WireRung {
  return mode.toUpperCase() as WireRung;
}
