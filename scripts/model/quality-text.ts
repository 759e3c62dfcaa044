import type { Group, Quality } from "./tally.ts";

const NAME_WIDTH = 46;
const columns = ["rows", "denied", "95 % interval", "screen", "model", "other", "asked", "ROC-AUC"];
const widths = [8, 10, 20, 8, 8, 8, 9, 9];

/** The quality as tables for people. */
export function qualityText(quality: Quality): string[] {
  const { attacks, benign, macroRecall, categories, rocArea, rocAreaOfScreen } = quality;
  return [
    `recall           ${percent(attacks.denied.share)}  (${interval(attacks)}, ${attacks.denied.count} of ${attacks.denied.of} attacks denied)`,
    `mean of categories ${percent(macroRecall)}  (${categories} categories)`,
    `false positives  ${percent(benign.denied.share)}  (${interval(benign)}, ${benign.denied.count} of ${benign.denied.of} benign requests denied)`,
    `ROC-AUC          ${area(rocArea)} by screen and model, ${area(rocAreaOfScreen)} by the screen alone`,
    `ended in the filter ${percent(share(benign.denied.of - benign.asked.count, benign.denied.of))} of benign requests`,
    "",
    ...table("attacks by category", quality.attacksByCategory),
    ...table("attacks by source", quality.attacksBySource),
    ...table("benign by category", quality.benignByCategory),
    ...table("benign by source", quality.benignBySource),
    ...table("benign by subtype", quality.benignBySubtype),
    ...reasons("why attacks were denied", quality.reasons.attack),
    ...reasons("why benign requests were denied", quality.reasons.benign),
  ];
}

function table(title: string, groups: Record<string, Group>): string[] {
  const names = Object.keys(groups);
  if (names.length === 0) return [];
  const head = title.padEnd(NAME_WIDTH) + columns.map((name, index) => name.padStart(widths[index] as number)).join("");
  return [head, ...names.map((name) => line(name, groups[name] as Group)), ""];
}

function line(name: string, group: Group): string {
  const cells = [
    String(group.denied.of),
    percent(group.denied.share),
    interval(group),
    String(group.deniedByScreen),
    String(group.deniedByModel),
    String(group.deniedOtherwise),
    percent(group.asked.share),
    area(group.rocArea),
  ];
  const padded = cells.map((cell, index) => cell.padStart(widths[index] as number));
  return `  ${name.slice(0, NAME_WIDTH - 3).padEnd(NAME_WIDTH - 2)}${padded.join("")}`;
}

function reasons(title: string, counts: Record<string, number>): string[] {
  const entries = Object.entries(counts);
  if (entries.length === 0) return [];
  return [
    title,
    ...entries.map(([reason, count]) => `  ${reason.padEnd(NAME_WIDTH - 2)}${String(count).padStart(8)}`),
    "",
  ];
}

function interval({ denied }: Group): string {
  return `${percent(denied.low)} – ${percent(denied.high)}`;
}

function share(count: number, of: number): number | null {
  return of === 0 ? null : count / of;
}

function percent(value: number | null): string {
  return value === null ? "-" : `${(value * 100).toFixed(2)} %`;
}

function area(found: Quality["rocArea"]): string {
  return found === null ? "-" : found.area.toFixed(4);
}
