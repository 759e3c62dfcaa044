import type { PolicyDocument } from "./document.ts";
import { parseDuration } from "./units.ts";
import type { Partly, WrittenPolicy } from "./written-policy.ts";

const HOUR_MS = 3_600_000;

/** Reports a window out of range, and logins whose failures nothing would count. */
export function checkLimits(document: PolicyDocument, policy: Partly<WrittenPolicy>): void {
  const text = policy.limits?.window;
  const window = text === undefined ? 1000 : parseDuration(text);
  if (window === null || window < 1000 || window > HOUR_MS || window % 1000 !== 0) {
    document.report("out_of_range", ["limits", "window"], `window ${text}`, "whole seconds, 1s to 1h");
  }
  if ("limits" in policy) return;
  for (const [index, route] of (policy.routes ?? []).entries()) {
    if (!route?.login) continue;
    const message = "failed logins are counted only where the policy limits them";
    document.report("limits_missing", ["routes", index, "login"], message, "`limits` at the top level", "key");
  }
}
