import type { PolicyDocument } from "./document.ts";
import { parseDuration } from "./units.ts";
import { hasGaps, type Partly, type WrittenPolicy } from "./written-policy.ts";

const SECOND = 1000;

/** Reports a lifetime out of range, and routes that want an assertion where nobody is verified or nothing says how it looks. */
export function checkAssertion(document: PolicyDocument, policy: Partly<WrittenPolicy>): void {
  const { lifetime } = policy.identity?.assertion ?? {};
  const millis = parseDuration(lifetime ?? "60s");
  if (millis === null || millis < 10 * SECOND || millis > 600 * SECOND || millis % SECOND !== 0) {
    const at = ["identity", "assertion", "lifetime"];
    document.report("out_of_range", at, `lifetime ${lifetime}`, "whole seconds, 10s to 10m");
  }
  const isUnknown = hasGaps(policy.identity ?? policy);
  for (const [index, route] of (policy.routes ?? []).entries()) {
    if (!route?.assertion) continue;
    const at = ["routes", index, "assertion"];
    if (!policy.identity?.assertion && !isUnknown) {
      const message = "nothing says what an assertion looks like";
      document.report("token_requirement", at, message, "`identity.assertion` with `issuer` and `audience`");
    } else if (route.public) {
      const expected = "a route with `allow`";
      document.report("token_requirement", at, "nobody is verified on a public route", expected);
    }
  }
}
