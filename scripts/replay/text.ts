import { share } from "../report/words.ts";
import { type Changes, ENOUGH, type Outcome, type ReplayReport } from "./comparison.ts";

const outcomes: Readonly<Record<Outcome, string>> = {
  same: "what could be replayed would be let in or denied as it was",
  different: "requests would be let in or denied that were not",
  too_few: `less than ${ENOUGH * 100} % of what a policy could change was replayed: that nothing changes holds for those only`,
  nothing: "there is no decision that a policy could change: that nothing changes says nothing of it",
};

/** The report for a terminal. */
export function renderReplay(report: ReplayReport): string {
  const { decisions, replayed, byRequest, byRecord, newlyDenied, newlyAllowed, otherReason } = report;
  const { notReplayed, leftOut } = report;
  const part = decisions === 0 ? "" : `, ${share(replayed, decisions)}`;
  return [
    `decisions      ${decisions}`,
    `replayed       ${replayed}${part}: ${byRequest} with their request, ${byRecord} by their record alone`,
    ...Object.entries(notReplayed).map(([why, count]) => `not replayed   ${count}: ${why}`),
    ...leftOut.map((what) => `left out       ${what}`),
    ...changes("newly denied", newlyDenied),
    ...changes("newly allowed", newlyAllowed),
    `other reason   ${otherReason} denied as before, for another reason`,
    `outcome        ${outcomes[report.outcome]}`,
    "",
  ].join("\n");
}

function changes(name: string, { count, routes, principals, examples }: Changes): string[] {
  return [
    `${name.padEnd(14)} ${count}`,
    ...Object.entries(routes).map(([route, number]) => `  route        ${route}: ${number}`),
    ...Object.entries(principals).map(([principal, number]) => `  principal    ${principal}: ${number}`),
    ...examples.map(({ id, time, route, was, now }) => `  example      ${id}  ${time}  ${route}: ${was} → ${now}`),
  ];
}
