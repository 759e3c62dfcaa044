import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { reasonTexts } from "../decision-log/reasons.ts";
import type { CaseResult, Decided } from "./run.ts";

/** What a run has shown, for a program to read. */
export interface TestReport {
  readonly policy: string;
  readonly cases: string;
  readonly passed: number;
  readonly failed: number;
  /** Routes of the policy that no case reached. */
  readonly unreachedRoutes: readonly string[];
  /** Grants, as ROUTE GRANT, by which no case was decided. */
  readonly unusedGrants: readonly string[];
  readonly results: readonly CaseResult[];
}

export function reportOf(
  files: Pick<TestReport, "policy" | "cases">,
  policy: Policy,
  results: readonly CaseResult[],
): TestReport {
  const passed = results.filter((result) => result.passed).length;
  const routes = new Set(results.map(({ got }) => got.route));
  const used = new Set(results.map(({ got }) => `${got.route} ${got.grant}`));
  const grants = policy.routes.flatMap(({ name, allow, deny }) => [...allow, ...deny].map(({ id }) => `${name} ${id}`));
  return {
    ...files,
    passed,
    failed: results.length - passed,
    unreachedRoutes: policy.routes.map(({ name }) => name).filter((name) => !routes.has(name)),
    unusedGrants: grants.filter((grant) => !used.has(grant)),
    results,
  };
}

/** For people: a line a case, under a failed one what differs and why. */
export function inWords({ cases, passed, failed, unreachedRoutes, unusedGrants, results }: TestReport): string[] {
  const lines = results.flatMap((result) => caseLines(cases, result));
  if (unreachedRoutes.length > 0) lines.push(`no case reaches ${unreachedRoutes.join(", ")}`);
  if (unusedGrants.length > 0) lines.push(`no case is decided by ${unusedGrants.join(", ")}`);
  lines.push(`${passed} passed, ${failed} failed`);
  return lines;
}

function caseLines(file: string, { name, line, column, passed, got, differences }: CaseResult): string[] {
  if (passed) return [`ok    ${name}: ${decision(got)}`];
  return [
    `FAIL  ${name} (${file}:${line}:${column}): ${decision(got)}`,
    ...differences.map((one) => `        ${one.field}: expected ${one.expected ?? "none"}, got ${one.got ?? "none"}`),
    ...why(got).map((text) => `        ${text}`),
  ];
}

function decision({ effect, status, reason, route, grant, wouldDeny }: Decided): string {
  const where = route === null ? "no route" : `route ${route}`;
  if (effect === "deny") return `deny ${status} ${reason}${grant ? ` by grant ${grant}` : ""}, ${where}`;
  return `permit${grant ? ` by grant ${grant}` : ""}, ${where}${wouldDeny ? `, would deny ${wouldDeny}` : ""}`;
}

function why({ reason, wouldDeny }: Decided): string[] {
  const text = reasonTexts[wouldDeny ?? reason];
  return text === undefined ? [] : [`${text.says}. ${text.change}`];
}
