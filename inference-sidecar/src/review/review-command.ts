import { AdminError } from "../admin/admin-error.ts";
import type { AdminCommands } from "../admin/admin-server.ts";
import { findDecision } from "../decision-log/find-decision.ts";
import { printable } from "../decision-log/printable.ts";
import type { LogRecord } from "../decision-log/record.ts";
import type { SealedLog } from "../decision-log/sealed-log.ts";
import { findingOf } from "../ladder/evidence.ts";
import type { Ladder } from "../ladder/ladder.ts";
import type { Mode } from "../policy/policy.ts";
import { Turns } from "../turns.ts";
import { operatorOf } from "./operators.ts";
import type { Review, Reviews } from "./reviews.ts";

export interface ReviewParts {
  readonly ladder: Ladder;
  readonly reviews: Reviews;
  readonly log: SealedLog;
  /** Of the decision log. */
  readonly logDirectory: string;
}

const ID = /^[0-9a-f]{32}$/;
const WHY_MOST = 500;

/** `postern review`: an operator's word on one event, or its withdrawal. In the log before it counts. */
export function reviewCommands(parts: ReviewParts): AdminCommands {
  const { ladder, reviews, log } = parts;
  const turns = new Turns();
  const enter = async (review: Review & { undone?: true; reviewer?: string }) => {
    await log.append([{ v: 1, time: new Date().toISOString(), review }], () => undefined);
    await log.sync();
  };
  return {
    // Of two words on one event the second is refused.
    review: (input, caller) =>
      turns.take(async () => {
        caller.signal.throwIfAborted();
        if (ladder.operators.length === 0) {
          throw new AdminError("unauthenticated", "the policy in force has no `operators`: events can't be reviewed");
        }
        const operator = operatorOf(caller, ladder.operators);
        const { id, label, why, undo } = input;
        if (typeof id !== "string" || !ID.test(id))
          throw new AdminError("bad_request", "an id has 32 hexadecimal digits");
        const known = reviews.get(id);
        if (undo === true) {
          if (known === null) throw new AdminError("not_found", `there is no review of ${id}`);
          reviews.admit(operator);
          const time = new Date().toISOString();
          await enter({ ...known, operator, time, undone: true, reviewer: known.operator });
          await reviews.remove(id);
          await ladder.reviewed(known.event.route);
          return { id, undone: true, route: known.event.route };
        }
        if (label !== "benign" && label !== "attack") throw new AdminError("bad_request", "say benign or attack");
        if (typeof why !== "string" || why.trim() === "") throw new AdminError("bad_request", "say why");
        if (known !== null) {
          const message = `${known.operator} has reviewed ${id} as ${known.label}; undo that first`;
          throw new AdminError("conflict", message);
        }
        reviews.requireRoom();
        reviews.admit(operator);
        const decision = await findDecision(parts.logDirectory, id, caller.signal);
        if (decision === null) throw new AdminError("not_found", `the log has no decision ${id}`);
        const words = printable(why, WHY_MOST);
        const review: Review = {
          id,
          label,
          why: words,
          operator,
          time: new Date().toISOString(),
          event: eventOf(decision),
        };
        await enter(review);
        await reviews.put(review);
        await ladder.reviewed(decision.route);
        return { id, label, operator, route: decision.route, rung: decision.rung, asked: ladder.asked(decision.route) };
      }),
  };
}

function eventOf(decision: LogRecord): Review["event"] {
  const { id, route, rung, time, score, effect, reason } = decision;
  if (decision.selfTest) throw new AdminError("bad_request", `${id} is a probe of the self-test, and no traffic`);
  const kinds = findingOf(decision);
  if (kinds.length === 0) {
    throw new AdminError(
      "bad_request",
      `${id} was neither refused nor would have been a rung higher: there is nothing to review`,
    );
  }
  const byModel = effect === "deny" && reason === "attack_scored";
  const modelScore = byModel && score.by !== "nothing" ? Math.round(score.value * 1_000_000) : null;
  return { route, rung: rung as Mode, time, kinds, modelScore };
}
