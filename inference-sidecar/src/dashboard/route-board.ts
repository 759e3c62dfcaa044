import type { Ladder } from "../ladder/ladder.ts";
import { shownRoute } from "../ladder/shown-route.ts";
import type { Standing } from "../self-test/standing.ts";

/** More routes than this are not on the page; `postern route list` has them all. */
const ROUTES_MOST = 200;

/** What the page is told of each route: its rung, what is known of the next one, and its newest self-test. */
export function routeBoard(ladder: Ladder, standing: Standing): () => readonly object[] {
  return () =>
    ladder.routes.slice(0, ROUTES_MOST).map((of) => {
      const { route, rung, proposed, pinned, next, canary } = shownRoute(ladder, of);
      const claim = canary === null ? next : canary.claim;
      return { route, rung, proposed, pinned, canary: canary !== null, claim, selfTest: standing.of(route) };
    });
}
