import { AdminError } from "../admin/admin-error.ts";
import type { AdminCommands } from "../admin/admin-server.ts";
import type { Models } from "./models.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/** What a gateway asks before it puts a filter with another bundle in force: that its model be there. */
export function modelCommands(models: Models): AdminCommands {
  return {
    "model/load": async ({ bundle }) => {
      if (typeof bundle !== "string" || !DIGEST.test(bundle))
        throw new AdminError(
          "bad_request",
          "expected `bundle`: the digest, in hexadecimal, of one in the state folder",
        );
      try {
        await models.load(bundle);
      } catch (error) {
        throw new AdminError("conflict", `the bundle can't be loaded: ${(error as Error).message}`);
      }
      return { loaded: models.digests };
    },
  };
}
