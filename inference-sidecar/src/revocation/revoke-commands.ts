import { AdminError } from "../admin/admin-error.ts";
import type { AdminCommands } from "../admin/admin-server.ts";
import type { PolicyInForce, ToldIssuer } from "../policy/in-force.ts";
import { readRevocation } from "./revocation.ts";
import type { Revocations } from "./revocations.ts";

/** A change is answered once every worker has it, or after so long. */
const WORKERS_MS = 2_000;

/**
 * @param untilAllHave waits until all workers have the state as it is now, and counts them
 * @param inForce null: no policy is known
 * @param kidsOf of an issuer's keys; null: not all are known
 */
export function revokeCommands(
  revocations: Revocations,
  untilAllHave: (millis: number) => Promise<{ workers: number; current: number }>,
  inForce: () => PolicyInForce | null,
  kidsOf: (issuer: ToldIssuer) => readonly string[] | null,
): AdminCommands {
  return {
    "revoke/add": async (input) => {
      try {
        const revocation = await revocations.add(readRevocation(input));
        const known = inForce()?.policy.issuers ?? null;
        const issuers = known?.map(({ issuer, trustDomain }) => trustDomain ?? issuer) ?? null;
        const kids = known?.map(kidsOf) ?? [null];
        const { kid } = revocation;
        const keyIsUnknown = kid !== undefined && kids.every((some) => some && !some.includes(kid));
        return { revocation, ...(await untilAllHave(WORKERS_MS)), issuers, keyIsUnknown };
      } catch (error) {
        if (error instanceof RangeError) throw new AdminError("bad_request", error.message);
        throw error;
      }
    },
    "revoke/list": async () => ({ revocations: revocations.list() }),
    "revoke/undo": async ({ id }) => {
      const revocation = await revocations.undo(String(id));
      if (!revocation) throw new AdminError("not_found", `no revocation has the id "${id}"`);
      return { revocation, ...(await untilAllHave(WORKERS_MS)) };
    },
  };
}
