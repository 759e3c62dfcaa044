import { createHash, timingSafeEqual } from "node:crypto";
import { AdminError } from "../admin/admin-error.ts";
import type { AdminCaller } from "../admin/admin-server.ts";
import type { Operator } from "../policy/policy.ts";

/** Whose token it is. @throws AdminError `unauthenticated` */
export function operatorOf({ token }: AdminCaller, operators: readonly Operator[]): string {
  if (token === null) {
    throw new AdminError("unauthenticated", "an operator's token is needed: POSTERN_OPERATOR_TOKEN or --token-file");
  }
  const digest = createHash("sha256").update(token).digest();
  let name: string | null = null;
  // All are compared, so that the time tells nothing.
  for (const operator of operators) {
    if (timingSafeEqual(digest, Buffer.from(operator.tokenSha256, "hex"))) name = operator.name;
  }
  if (name === null) throw new AdminError("unauthenticated", "this token is no operator's of the policy in force");
  return name;
}
