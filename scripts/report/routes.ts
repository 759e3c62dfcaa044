import { CHECKS } from "../../inference-sidecar/src/decision-log/record.ts";
import type { RouteResult } from "../../inference-sidecar/src/maturity/routes.ts";
import { type Markup, markup, nothing } from "./markup.ts";
import { amount, share } from "./words.ts";

const RUNGS: readonly string[] = ["observe", "detect", "prevent", "adapt"];
const LABEL = 210;
const RUNG = 130;
const ROW = 32;
const HEAD = 26;

/** Each route at its rung; the shade of a rung is the share of its requests that met it. */
export function renderLadder(routes: readonly RouteResult[]): Markup {
  const width = LABEL + RUNG * RUNGS.length + 240;
  return markup`<svg class="plot" viewBox="0 0 ${width} ${HEAD + ROW * routes.length}" role="img" aria-label="Rung of each route">
${RUNGS.map((rung, index) => markup`<text class="axis" x="${LABEL + RUNG * index + RUNG / 2}" y="16" text-anchor="middle">${rung}</text>`)}
${routes.map((route, row) => ladderRow(route, HEAD + ROW * row))}
</svg>
<p class="legend"><i class="dot proved"></i>enforcing, proved <i class="dot declared"></i>enforcing, not proved <i class="dot none"></i>not enforcing; the shade is the share of requests on the rung</p>
${renderMoves(routes)}`;
}

function ladderRow(route: RouteResult, top: number): Markup {
  const middle = top + ROW / 2;
  const cells = RUNGS.map((rung, index) => {
    const part = route.requests === 0 ? 0 : (route.rungs[rung] ?? 0) / route.requests;
    return markup`<rect class="rung" x="${LABEL + RUNG * index + 2}" y="${top + 3}" width="${RUNG - 4}" height="${ROW - 8}" rx="4"/>
<rect class="rung-share" style="opacity:${part.toFixed(3)}" x="${LABEL + RUNG * index + 2}" y="${top + 3}" width="${RUNG - 4}" height="${ROW - 8}" rx="4"><title>${route.route} on ${rung}: ${amount(route.rungs[rung] ?? 0)} requests</title></rect>`;
  });
  const at = LABEL + RUNG * RUNGS.indexOf(route.rung) + RUNG / 2;
  const kind = route.enforcing === "no" ? "none" : route.enforcing;
  return markup`<text x="0" y="${middle + 4}">${short(route.route)}</text>${cells}
<circle class="dot ${kind}" cx="${at}" cy="${middle - 1}" r="7"/>
<text class="axis" x="${LABEL + RUNG * RUNGS.length + 12}" y="${middle + 4}">${amount(route.requests)} requests, ${amount(route.denied)} denied${tested(route)}</text>`;
}

function renderMoves(routes: readonly RouteResult[]): Markup {
  const rows = routes.flatMap(({ route, moves }) =>
    moves.map(
      ({ time, kind, from, to, by }) =>
        markup`<tr><td><time>${time.slice(0, 16).replace("T", " ")}</time></td><td>${route}</td><td>${kind}</td><td>${from} → ${to}</td><td>by ${by}</td></tr>`,
    ),
  );
  return rows.length === 0 ? nothing : markup`<h3>Steps</h3><table class="moves"><tbody>${rows}</tbody></table>`;
}

/** A row for each route, a column for each check. */
export function renderVector(routes: readonly RouteResult[]): Markup {
  return markup`<table class="vector"><thead><tr><th></th>${CHECKS.map((check) => markup`<th>${check.replace("_", " ")}</th>`)}</tr></thead><tbody>
${routes.map(vectorRow)}</tbody></table>`;
}

function vectorRow({ route, public: isPublic, requests, checks }: RouteResult): Markup {
  const cells = CHECKS.map((check) => {
    const part = requests === 0 ? 0 : checks[check] / requests;
    return markup`<td class="${part > 0.6 ? "dark" : ""}" style="--share:${(part * 100).toFixed(1)}%">${share(checks[check], requests)}</td>`;
  });
  return markup`<tr><th>${short(route)}${isPublic ? markup` <small>public</small>` : []}</th>${cells}</tr>`;
}

/** What is wrong, where a self-test said so. */
function tested({ selfTest, rung }: RouteResult): string {
  return rung === "observe" || ["none", "passed"].includes(selfTest) ? "" : `; ${selfTest}`;
}

function short(name: string): string {
  return name.length <= 26 ? name : `${name.slice(0, 25)}…`;
}
