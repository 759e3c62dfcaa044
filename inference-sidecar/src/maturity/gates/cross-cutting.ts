import {
  adapts,
  each,
  enforcesAccess,
  type Facts,
  type Gate,
  isInspected,
  isProtected,
  requests,
  sum,
  type Units,
  wasAsked,
} from "../gate.ts";

export const visibilityGates: readonly Gate[] = [
  {
    id: "visibility.recorded",
    stage: "initial",
    function: "Visibility and Analytics Capability",
    says: "Records that the filter numbered are in the log.",
    needs: "observed",
    share: 0.999,
    measure: ({ log }) => {
      const present = log.decisions + log.completions;
      return requests(present, present + log.missing, "records");
    },
  },
  {
    id: "visibility.signed",
    stage: "advanced",
    function: "Visibility and Analytics Capability",
    says: "Lines of the log are chained by hash and held by a signed head.",
    needs: "proved",
    share: 0.99,
    measure: ({ lines, signed }) => ({ unit: "lines", of: lines, declared: signed, observed: signed, proved: signed }),
  },
  {
    id: "visibility.explained",
    stage: "advanced",
    function: "Visibility and Analytics Capability",
    says: "Denials for the score name the bytes that carried it.",
    needs: "observed",
    measure: ({ routes }) =>
      requests(
        sum(routes, ({ seen }) => seen.explained),
        sum(routes, ({ seen }) => seen.deniedByScore),
        "denials",
      ),
  },
  {
    id: "visibility.scored",
    stage: "optimal",
    function: "Visibility and Analytics Capability",
    says: "Requests have a score.",
    needs: "observed",
    share: 0.9,
    measure: ({ routes, current }) =>
      requests(
        sum(routes, ({ seen }) => seen.scored),
        current.decisions,
      ),
  },
];

export const automationGates: readonly Gate[] = [
  {
    id: "automation.decided",
    stage: "initial",
    function: "Automation and Orchestration Capability",
    says: "Routes have their policy enforced by the gate itself, from detect up.",
    needs: "observed",
    share: 0.5,
    measure: ({ routes }) => each("routes", routes, enforcesAccess, wasAsked),
  },
  {
    id: "automation.self-tested",
    stage: "advanced",
    function: "Automation and Orchestration Capability",
    says: "Hours of the log have a self-test.",
    needs: "observed",
    share: 0.9,
    measure: ({ log }) => hoursWithSelfTest(log.hours),
  },
  {
    id: "automation.adapting",
    stage: "optimal",
    function: "Automation and Orchestration Capability",
    says: "Routes that are inspected stand on adapt.",
    needs: "observed",
    measure: ({ routes }) => each("routes", routes.filter(isInspected), adapts, wasAsked),
  },
];

export const governanceGates: readonly Gate[] = [
  {
    id: "governance.known",
    stage: "initial",
    function: "Governance Capability",
    says: "Decisions were made under a policy whose content is in the log.",
    needs: "observed",
    measure: ({ log }) =>
      requests(
        sum([...log.policies.values()], ({ configuration, decisions }) => (configuration === null ? 0 : decisions)),
        log.decisions,
        "decisions",
      ),
  },
  {
    id: "governance.owned",
    stage: "advanced",
    function: "Governance Capability",
    says: "Grants name who answers for them, and why they are there.",
    needs: "declared",
    measure: ({ routes }) =>
      each(
        "grants",
        routes.filter(isProtected).flatMap(({ configured }) => configured.allow),
        ({ owned }) => owned,
      ),
  },
  {
    id: "governance.lapsing",
    stage: "optimal",
    function: "Governance Capability",
    says: "Grants lapse unless they are renewed.",
    needs: "declared",
    measure: ({ routes }) =>
      each(
        "grants",
        routes.filter(isProtected).flatMap(({ configured }) => configured.allow),
        ({ expires }) => expires,
      ),
  },
];

function hoursWithSelfTest(hours: Facts["log"]["hours"]): Units {
  const all = [...hours.values()];
  return requests(all.filter(({ selfTests }) => selfTests > 0).length, all.length, "hours");
}
