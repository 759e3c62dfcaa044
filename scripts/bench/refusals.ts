import type { Benign } from "./benign.ts";
import type { Contenders } from "./contenders.ts";
import { probe } from "./measure.ts";
import { hostOf } from "./policy.ts";
import { encode } from "./requests.ts";
import type { Scenario } from "./scenarios.ts";
import type { Tokens } from "./tokens.ts";

/**
 * Whoever is measured with tokens refuses a tampered one with 401 and one without the scope with 403; bare Envoy and the
 * server that does nothing look at none. @throws Error one passes
 */
export async function refusesBadTokens(
  wanted: readonly Scenario[],
  contenders: Contenders,
  benign: Benign,
  tokens: Tokens,
): Promise<void> {
  const { tampered, withoutScope } = await tokens.bad();
  const judging = wanted.filter(
    ({ contender, request }) => request.endsWith("token") && contender !== "bare" && contender !== "ext-authz",
  );
  for (const { id, contender, expected } of judging) {
    for (const [token, status] of [
      [tampered, 401],
      [withoutScope, 403],
    ] as const) {
      const bytes = encode(benign.get, hostOf(expected?.route ?? "public"), token);
      const answer = await probe(contenders.get(contender), bytes);
      if (answer !== status) throw new Error(`${id}: a bad token was answered with ${answer} instead of ${status}`);
    }
  }
}
