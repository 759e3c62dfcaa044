import type { TenetResult } from "../../inference-sidecar/src/maturity/tenets.ts";
import { type Markup, markup } from "./markup.ts";
import { amount, share } from "./words.ts";

/** A bar for each tenet. */
export function renderTenets(tenets: readonly TenetResult[]): Markup {
  return markup`<table class="tenets"><tbody>${tenets.map(tenetRow)}</tbody></table>`;
}

function tenetRow({ tenet, says, holds, of, unit }: TenetResult): Markup {
  const width = of === 0 ? 0 : Math.round((holds / of) * 2000) / 10;
  return markup`<tr><td class="mark">${tenet}</td><td>${says}</td><td><svg class="bar" viewBox="0 0 200 14" role="img" aria-label="${share(holds, of)}"><rect class="none" width="200" height="14" rx="3"/><rect class="proved" width="${width}" height="14" rx="3"/></svg></td>
<td class="number">${share(holds, of)}<br><small>${amount(holds)} of ${amount(of)} ${unit}</small></td></tr>`;
}
