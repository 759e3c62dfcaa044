import { STAGES } from "../../inference-sidecar/src/maturity/gate.ts";
import type { AreaResult, GateResult } from "../../inference-sidecar/src/maturity/stages.ts";
import { type Markup, markup } from "./markup.ts";
import { amount, stageName } from "./words.ts";

const LABEL = 230;
const STEP = 150;
const ROW = 34;
const HEAD = 26;

/** A row for each pillar and capability: four steps, those that are reached filled. */
export function renderStages(areas: readonly AreaResult[]): Markup {
  const width = LABEL + STEP * STAGES.length + 110;
  const height = HEAD + ROW * areas.length;
  return markup`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="Stage of each pillar and capability">
${STAGES.map((stage, index) => markup`<text class="axis" x="${LABEL + STEP * index + STEP / 2}" y="16" text-anchor="middle">${stageName(stage)}</text>`)}
${areas.map((area, row) => stageRow(area, HEAD + ROW * row))}
</svg>`;
}

function stageRow({ name, stage, met, of }: AreaResult, top: number): Markup {
  const reached = STAGES.indexOf(stage);
  const steps = STAGES.map((each, index) => {
    const kind = index === reached ? "reached" : index < reached ? "passed" : "open";
    return markup`<rect class="step ${kind}" x="${LABEL + STEP * index + 2}" y="${top + 4}" width="${STEP - 4}" height="${ROW - 12}" rx="4"><title>${name}: ${stageName(each)}</title></rect>`;
  });
  const middle = top + ROW / 2 + 1;
  return markup`<text x="0" y="${middle}">${name}</text>${steps}
<text class="step-name" x="${LABEL + STEP * reached + STEP / 2}" y="${middle}" text-anchor="middle">${stageName(stage)}</text>
<text class="axis" x="${LABEL + STEP * STAGES.length + 12}" y="${middle}">${met} of ${of} gates</text>`;
}

/** The gates of one pillar or capability. */
export function renderArea({ name, stage, gates, notMeasurable }: AreaResult): Markup {
  return markup`<h3>${name} <span class="stage">${stageName(stage)}</span></h3>
<table class="gates"><tbody>
${gates.map(gateRow)}
${notMeasurable.map((each) => markup`<tr class="unseen"><td></td><td></td><td>${each}</td><td colspan="2">not measurable here</td></tr>`)}
</tbody></table>`;
}

function gateRow(gate: GateResult): Markup {
  const { met, stage, says, id, holds, of, unit, needs, share } = gate;
  const wanted = share === 1 ? "" : `, ${share * 100} % needed`;
  return markup`<tr class="${met ? "met" : "unmet"}"><td class="mark">${met ? "✓" : "○"}</td><td>${stageName(stage)}</td><td>${says}<br><code>${id}</code></td>
<td class="number">${amount(holds)} of ${amount(of)}<br><small>${unit} ${needs}${wanted}</small></td><td>${strengthBar(gate)}</td></tr>`;
}

/** Declared, observed and proved over one another, of all units. */
function strengthBar({ of, declared, observed, proved }: GateResult): Markup {
  const width = (count: number) => (of === 0 ? 0 : Math.round((count / of) * 1600) / 10);
  return markup`<svg class="strength" viewBox="0 0 160 14" role="img" aria-label="declared ${declared}, observed ${observed}, proved ${proved} of ${of}">
<rect class="none" width="160" height="14" rx="3"/><rect class="declared" width="${width(declared)}" height="14" rx="3"/>
<rect class="observed" y="3" width="${width(observed)}" height="8" rx="2"/><rect class="proved" y="5" width="${width(proved)}" height="4" rx="1"/></svg>`;
}
