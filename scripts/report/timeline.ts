import type { MaturityReport } from "../../inference-sidecar/src/maturity/report.ts";
import { type Markup, markup } from "./markup.ts";
import { amount } from "./words.ts";

const WIDTH = 960;
const LEFT = 56;
const HEIGHT = 180;
const BOTTOM = 24;
/** More columns than this are drawn together. */
const COLUMNS_MOST = 168;
const KINDS = ["permitted", "wouldDeny", "denied"] as const;

/** From one hour to another, both included. */
type Column = Record<(typeof KINDS)[number], number> & { readonly hour: string; until: string };

/** Requests by the hour, or by so many hours of the log as fit in a column: permitted, permitted though a higher rung would deny, denied. */
export function renderTimeline(hours: MaturityReport["hours"]): Markup {
  const size = Math.ceil(hours.length / COLUMNS_MOST) || 1;
  const columns = together(hours, size);
  const by = size === 1 ? "hour" : `${size} hours`;
  const most = Math.max(1, ...columns.map(total));
  const top = niceAbove(most);
  const step = (WIDTH - LEFT) / Math.max(1, columns.length);
  const y = (value: number) => HEIGHT - (value / top) * (HEIGHT - 8);
  const lines = [0, 0.5, 1].map(
    (
      part,
    ) => markup`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(top * part).toFixed(1)}" y2="${y(top * part).toFixed(1)}"/>
<text class="axis" x="${LEFT - 8}" y="${(y(top * part) + 4).toFixed(1)}" text-anchor="end">${amount(top * part)}</text>`,
  );
  return markup`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT + BOTTOM}" role="img" aria-label="Requests by the ${by}">
${lines}${columns.map((column, index) => bar(column, LEFT + step * index, step, y))}${labels(columns, step)}
</svg>
<p class="legend"><i class="permitted"></i>permitted <i class="wouldDeny"></i>permitted, a higher rung would deny <i class="denied"></i>denied; requests by the ${by} (UTC), without those of which the log has no line</p>`;
}

function bar(column: Column, x: number, step: number, y: (value: number) => number): Markup {
  let below = 0;
  const parts = KINDS.filter((kind) => column[kind] > 0).map((kind) => {
    const height = y(below) - y(below + column[kind]);
    below += column[kind];
    return markup`<rect class="${kind}" x="${(x + step * 0.1).toFixed(1)}" y="${y(below).toFixed(1)}" width="${(step * 0.8).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const { hour, until } = column;
  const title = `${hour}${until === hour ? "" : ` to ${until}`}: ${KINDS.map((kind) => `${kind === "wouldDeny" ? "would deny" : kind} ${column[kind]}`).join(", ")}`;
  return markup`<g><title>${title}</title>${parts}</g>`;
}

function labels(columns: readonly Column[], step: number): Markup[] {
  const every = Math.max(1, Math.ceil(columns.length / 8));
  return columns.flatMap(({ hour }, index) =>
    index % every === 0
      ? [
          markup`<text class="axis" x="${(LEFT + step * (index + 0.5)).toFixed(1)}" y="${HEIGHT + 18}" text-anchor="middle">${hour.slice(5).replace("T", " ")}h</text>`,
        ]
      : [],
  );
}

/** So many neighbouring hours in one column. */
function together(hours: MaturityReport["hours"], size: number): Column[] {
  const columns: Column[] = [];
  hours.forEach(({ hour, permitted, wouldDeny, denied }, index) => {
    const last = columns.at(-1);
    if (last === undefined || index % size === 0) columns.push({ hour, until: hour, permitted, wouldDeny, denied });
    else {
      last.until = hour;
      last.permitted += permitted;
      last.wouldDeny += wouldDeny;
      last.denied += denied;
    }
  });
  return columns;
}

function total(column: Column): number {
  return KINDS.reduce((sum, kind) => sum + column[kind], 0);
}

/** The next number of one digit and zeros, but for 7 and 9. */
function niceAbove(value: number): number {
  let unit = 1;
  while (unit * 10 < value) unit *= 10;
  return [1, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * unit).find((nice) => nice >= value) ?? value;
}
