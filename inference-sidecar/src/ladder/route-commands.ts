import { AdminError } from "../admin/admin-error.ts";
import type { AdminCaller, AdminCommand, AdminCommands } from "../admin/admin-server.ts";
import { MODES, type Mode } from "../policy/policy.ts";
import { operatorOf } from "../review/operators.ts";
import type { SyncWorkers } from "../sync/sync-workers.ts";
import type { SyncedState } from "../sync/synced-state.ts";
import type { Ladder, LadderRoute } from "./ladder.ts";
import type { Mover } from "./route-record.ts";
import { shownRoute } from "./shown-route.ts";
import { beginCanary, endCanary, nextRung, propose, type Step, standOn, stepDown } from "./steps.ts";

/** How long a command waits for the workers to have taken its move. */
const WORKERS_MS = 1_000;

type Decide = (of: LadderRoute, input: Readonly<Record<string, unknown>>, now: string) => Step;

/** `postern route …`: where routes stand, and an operator's moves. */
export function routeCommands(ladder: Ladder, synced: SyncedState, workers: SyncWorkers): AdminCommands {
  const move =
    (decide: Decide): AdminCommand =>
    async (input, caller) => {
      const mover = moverOf(caller, ladder);
      const { route } = input;
      if (typeof route !== "string" || ladder.get(route) === null) {
        throw new AdminError("not_found", "no such route in the policy in force; `postern route list` shows them");
      }
      await ladder.move(route, mover, (of) => decide(of, input, new Date().toISOString()));
      const inForce = await workers.untilAllHave(synced.version, WORKERS_MS);
      return { ...shownRoute(ladder, ladder.get(route) as LadderRoute), ...inForce };
    };
  return {
    "route/list": async () => ({ routes: ladder.routes.map((of) => shownRoute(ladder, of)) }),
    "route/propose": move(proposeNext),
    "route/approve": move(approve),
    "route/pin": move(pin),
    "route/demote": move(demote),
  };
}

const proposeNext: Decide = ({ route, record }) => {
  const next = nextRung(record, route.ladder);
  if (next === null) throw new AdminError("conflict", `${route.name} is at its ceiling, ${route.ladder.ceiling}`);
  if (record.canary !== null) throw new AdminError("conflict", `a canary of ${record.canary.rung} is under way`);
  if (record.proposed === next) {
    throw new AdminError("conflict", `${next} is proposed already; \`postern route approve\` takes the route there`);
  }
  return propose(record, next);
};

const approve: Decide = ({ route, record }, _, now) => {
  if (record.proposed === null) {
    throw new AdminError("conflict", `nothing is proposed for ${route.name}; \`postern route propose\` does`);
  }
  return beginCanary({ ...record, pinned: false }, record.proposed, now);
};

const pin: Decide = ({ route, record }, { rung, release }, now) => {
  if (release === true) {
    if (!record.pinned) throw new AdminError("conflict", `${route.name} is not pinned`);
    return { kind: "release", next: { ...record, pinned: false } };
  }
  const { floor, ceiling } = route.ladder;
  const wanted = MODES.indexOf(rung as Mode);
  if (wanted < MODES.indexOf(floor) || wanted > MODES.indexOf(ceiling)) {
    throw new AdminError(
      "conflict",
      `${route.name} can stand from ${floor} to ${ceiling}; the policy's \`ladder\` says so`,
    );
  }
  if (record.pinned && record.rung === rung && record.canary === null && record.proposed === null) {
    throw new AdminError("conflict", `${route.name} is pinned there already`);
  }
  const next = record.rung === rung ? { ...record, canary: null, proposed: null } : standOn(record, rung as Mode, now);
  return { kind: "pin", next: { ...next, pinned: true } };
};

const demote: Decide = ({ route, record }, _, now) => {
  if (record.canary !== null) return endCanary(record, now);
  const step = stepDown(record, route.ladder, now);
  if (step === null) throw new AdminError("conflict", `${route.name} is at its floor, ${route.ladder.floor}`);
  return step;
};

/** An operator by their token; without operators in the policy whoever reaches the socket is the gateway's own user. */
function moverOf(caller: AdminCaller, ladder: Ladder): Mover {
  const { operators } = ladder;
  return operators.length === 0 ? { kind: "user" } : { kind: "operator", name: operatorOf(caller, operators) };
}
