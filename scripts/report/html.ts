import { readFile } from "node:fs/promises";
import type { MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import { renderArea, renderStages } from "./areas.ts";
import { Markup, markup, nothing } from "./markup.ts";
import { renderLadder, renderVector } from "./routes.ts";
import { renderTenets } from "./tenets.ts";
import { renderTimeline } from "./timeline.ts";
import { amount } from "./words.ts";

/** One page with everything in it: no script, no request to anywhere. */
export async function renderHtml(report: MaturityReport): Promise<string> {
  const style = new Markup(await readFile(new URL("./report.css", import.meta.url), "utf8"));
  const { areas, tenets, routes, hours } = report;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Postern: maturity report</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Maturity report</h1>
<p>${facts(report)}</p>
</header>
${warning(report)}
<section><h2>Stages</h2>
<p>CISA Zero Trust Maturity Model 2.0, as far as a gate in front of services can see. A stage is reached when each of its gates is met, and each of the stages below.</p>
${renderStages(areas)}</section>
<section><h2>Traffic</h2>${renderTimeline(hours)}</section>
<section><h2>Routes on the ladder of runtime protection</h2>${renderLadder(routes)}</section>
<section><h2>The five checks of NIST SP 800-207A</h2>
<p>Share of each route's requests that passed the check.</p>${renderVector(routes)}</section>
<section><h2>The seven tenets of NIST SP 800-207</h2>${renderTenets(tenets)}</section>
<section><h2>Gates</h2>
<p class="legend"><i class="declared"></i>declared by the policy <i class="observed"></i>observed in requests <i class="proved"></i>proved by a denial or a self-test</p>
${areas.map(renderArea)}</section>
<footer>Computed from the decision log alone: the same log gives the same page. Definitions: docs/maturity.md.</footer>
</body>
</html>
`.text;
}

function facts({ policy, from, until, log, decisions }: MaturityReport): Markup {
  const policyFacts = policy
    ? markup`Policy <code>${policy.digest.slice(0, 12)}</code>, mode ${policy.mode}, ${amount(decisions)} decisions. `
    : nothing;
  return markup`${policyFacts}Log of <time>${from}</time> to <time>${until}</time>: ${amount(log.decisions)} decisions; ${amount(log.missing)} records never came (the filter let go of ${amount(log.lost)}); ${amount(log.signed)} of ${amount(log.lines)} lines held by a signed head.`;
}

function warning({ log, policy }: MaturityReport): Markup {
  if (log.problem !== null) return markup`<p class="warning">The log is not whole: ${log.problem}</p>`;
  if (policy === null) return markup`<p class="warning">The log names no policy: what was declared can’t be said.</p>`;
  return nothing;
}
