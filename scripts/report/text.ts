import { CHECKS } from "../../inference-sidecar/src/decision-log/record.ts";
import type { MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import type { RouteResult } from "../../inference-sidecar/src/maturity/routes.ts";
import type { AreaResult, GateResult } from "../../inference-sidecar/src/maturity/stages.ts";
import { share, stageName } from "./words.ts";

/** The report for a terminal. */
export function renderText(report: MaturityReport): string {
  const { log, policy } = report;
  const lines = [
    policy === null
      ? "The log names no policy: what was declared can't be said. It does from the first start of this version on."
      : `policy ${policy.digest.slice(0, 12)}, mode ${policy.mode}: ${report.decisions} decisions`,
    `log of ${report.from || "nothing"} to ${report.until || "nothing"}: ${log.decisions} decisions, ${log.missing} records never came (the filter let go of ${log.lost})`,
    log.problem === null
      ? `chain whole, ${log.signed} of ${log.lines} lines held by a signed head`
      : `LOG NOT WHOLE: ${log.problem}`,
    "",
    "ZERO TRUST MATURITY (CISA, version 2.0), as far as this gate can see",
    ...report.areas.map(areaLine),
    "",
    ...report.areas.flatMap(areaGates),
    "TENETS (NIST SP 800-207, section 2.1)",
    ...report.tenets.map(
      ({ tenet, says, holds, of, unit }) =>
        `  ${tenet}  ${share(holds, of).padStart(6)}  ${`${holds} of ${of} ${unit}`.padEnd(26)}  ${says}`,
    ),
    "",
    "ROUTES: requests that passed each check of NIST SP 800-207A, and the rung of runtime protection",
    `  ${"".padEnd(24)} ${CHECKS.map((check) => check.replace("_", " ").replace("authenticated", "authn").replace("authorised", "authz").padStart(14)).join("")}  rung      enforcing  self-test`,
    ...report.routes.map(routeLine),
    ...movesOf(report.routes),
  ];
  return `${lines.join("\n")}\n`;
}

function areaLine({ name, stage, met, of, notMeasurable }: AreaResult): string {
  const unseen = notMeasurable.length === 0 ? "" : `; ${notMeasurable.length} functions not measurable here`;
  return `  ${name.padEnd(28)} ${stageName(stage).padEnd(12)} ${met} of ${of} gates${unseen}`;
}

function areaGates({ name, gates, notMeasurable }: AreaResult): string[] {
  return [
    name.toUpperCase(),
    ...gates.map(gateLine),
    ...notMeasurable.map((each) => `  -    ${each}: not measurable here`),
    "",
  ];
}

function gateLine({ met, stage, id, holds, of, unit, needs, declared, observed, proved, says }: GateResult): string {
  const strengths = `declared ${declared}, observed ${observed}, proved ${proved}`;
  return `  ${met ? "[x]" : "[ ]"}  ${stage.padEnd(9)} ${id.padEnd(28)} ${`${holds} of ${of} ${unit} ${needs}`.padEnd(34)} (${strengths})  ${says}`;
}

function routeLine({ route, requests, checks, rung, enforcing, selfTest }: RouteResult): string {
  const shares = CHECKS.map((check) => share(checks[check], requests).padStart(14)).join("");
  return `  ${route.slice(0, 24).padEnd(24)} ${shares}  ${rung.padEnd(9)} ${(enforcing === "declared" ? "not proved" : enforcing).padEnd(10)} ${selfTest}`;
}

function movesOf(routes: readonly RouteResult[]): string[] {
  const lines = routes.flatMap(({ route, moves }) =>
    moves.map(({ time, kind, from, to, by }) => `  ${time}  ${route}: ${kind}, ${from} → ${to}, by ${by}`),
  );
  return lines.length === 0 ? [] : ["", "STEPS ON THE LADDER", ...lines];
}
