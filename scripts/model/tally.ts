import type { Thresholds } from "../../inference-sidecar/src/bundle.ts";
import type { Evaluation } from "../core.ts";
import type { LabelledRow } from "./labelled-row.ts";
import { type Area, rocArea, type Share, wilson } from "./statistics.ts";

/** One group of rows of one label. */
export interface Group {
  readonly denied: Share;
  /** Denied whatever the model says: by the screen's own threshold. */
  readonly deniedByScreen: number;
  readonly deniedByModel: number;
  /** By hygiene, or because it could not be inspected. */
  readonly deniedOtherwise: number;
  /** Went to the model. */
  readonly asked: Share;
  /** Of attacks against all benign rows, of benign rows against all attacks. */
  readonly rocArea: Area | null;
}

/** What `postern model eval` gives; shares are of rows. */
export interface Quality {
  readonly rows: number;
  readonly attacks: Group;
  readonly benign: Group;
  /** Mean of the categories' recalls, and how many there are. */
  readonly macroRecall: number | null;
  readonly categories: number;
  readonly rocArea: Area | null;
  readonly rocAreaOfScreen: Area | null;
  readonly attacksByCategory: Record<string, Group>;
  readonly attacksBySource: Record<string, Group>;
  readonly benignByCategory: Record<string, Group>;
  readonly benignBySource: Record<string, Group>;
  readonly benignBySubtype: Record<string, Group>;
  /** Reason codes of denials, by label. */
  readonly reasons: Record<LabelledRow["label"], Record<string, number>>;
}

interface Outcome {
  readonly row: Pick<LabelledRow, "label" | "source" | "category" | "subtype">;
  readonly by: "screen" | "model" | "otherwise" | null;
  readonly asked: boolean;
  /** In the order in which the path denies, see `pathScore`. */
  readonly score: number;
  readonly screen: number;
}

const MILLION = 1_000_000;

/** Outcomes of rows, added one at a time; about 100 bytes are kept of each. */
export class Tally {
  readonly #outcomes: Outcome[] = [];
  readonly #reasons = { attack: new Map<string, number>(), benign: new Map<string, number>() };
  readonly #thresholds: Thresholds;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  add({ label, source, category, subtype }: LabelledRow, { verdict, score }: Evaluation): void {
    const by = verdict.effect === "permit" ? null : (byScore[verdict.reason] ?? "otherwise");
    const outcome = {
      row: { label, source, category, subtype },
      by,
      asked: score.by === "model",
      score: by === "otherwise" ? 3 : pathScore(score, this.#thresholds),
      screen: by === "otherwise" ? 1 : score.screenMillionths / MILLION,
    };
    this.#outcomes.push(outcome);
    if (by === null) return;
    const reasons = this.#reasons[label];
    reasons.set(verdict.reason, (reasons.get(verdict.reason) ?? 0) + 1);
  }

  quality(): Quality {
    const attacks = this.#outcomes.filter(({ row }) => row.label === "attack");
    const benign = this.#outcomes.filter(({ row }) => row.label === "benign");
    const ascending = { attacks: sorted(attacks, "score"), benign: sorted(benign, "score") };
    const ofAttacks = (outcomes: readonly Outcome[]) =>
      groupOf(outcomes, (scores) => rocArea(scores, ascending.benign));
    const ofBenign = (outcomes: readonly Outcome[]) =>
      groupOf(outcomes, (scores) => mirrored(scores, ascending.attacks));
    const attacksByCategory = grouped(attacks, "category", ofAttacks);
    const recalls = Object.values(attacksByCategory).map(({ denied }) => denied.share ?? 0);
    return {
      rows: this.#outcomes.length,
      attacks: ofAttacks(attacks),
      benign: ofBenign(benign),
      macroRecall: recalls.length === 0 ? null : recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length,
      categories: recalls.length,
      rocArea: rocArea(scoresOf(attacks, "score"), ascending.benign),
      rocAreaOfScreen: rocArea(scoresOf(attacks, "screen"), sorted(benign, "screen")),
      attacksByCategory,
      attacksBySource: grouped(attacks, "source", ofAttacks),
      benignByCategory: grouped(benign, "category", ofBenign),
      benignBySource: grouped(benign, "source", ofBenign),
      benignBySubtype: grouped(benign, "subtype", ofBenign),
      reasons: { attack: counted(this.#reasons.attack), benign: counted(this.#reasons.benign) },
    };
  }
}

const byScore: Readonly<Record<string, Outcome["by"]>> = { attack_screened: "screen", attack_scored: "model" };

/**
 * One number whose order is the path's: what the screen denies alone comes first, then what the model was asked, by its
 * answer, then what the screen cleared.
 */
function pathScore(score: Evaluation["score"], { denyAlone }: Thresholds): number {
  const screen = score.screenMillionths / MILLION;
  if (score.screenMillionths >= denyAlone) return 2 + screen;
  return score.by === "model" ? 1 + score.millionths / MILLION : screen;
}

function groupOf(outcomes: readonly Outcome[], area: (scores: number[]) => Area | null): Group {
  const deniedBy = (by: Outcome["by"]) => outcomes.filter((outcome) => outcome.by === by).length;
  const asked = outcomes.filter((outcome) => outcome.asked).length;
  return {
    denied: wilson(outcomes.length - deniedBy(null), outcomes.length),
    deniedByScreen: deniedBy("screen"),
    deniedByModel: deniedBy("model"),
    deniedOtherwise: deniedBy("otherwise"),
    asked: wilson(asked, outcomes.length),
    rocArea: area(scoresOf(outcomes, "score")),
  };
}

/** The area of benign rows is that of the attacks that score higher. */
function mirrored(scores: readonly number[], attacks: Float64Array): Area | null {
  const found = rocArea(scores, attacks);
  return found && { area: 1 - found.area, low: 1 - found.high, high: 1 - found.low };
}

function grouped(
  outcomes: readonly Outcome[],
  by: "source" | "category" | "subtype",
  group: (outcomes: readonly Outcome[]) => Group,
): Record<string, Group> {
  const members = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const own = members.get(outcome.row[by]);
    if (own === undefined) members.set(outcome.row[by], [outcome]);
    else own.push(outcome);
  }
  const names = [...members.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, group(members.get(name) ?? [])]));
}

function scoresOf(outcomes: readonly Outcome[], which: "score" | "screen"): number[] {
  return outcomes.map((outcome) => outcome[which]);
}

function sorted(outcomes: readonly Outcome[], which: "score" | "screen"): Float64Array {
  return Float64Array.from(scoresOf(outcomes, which)).sort();
}

function counted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
