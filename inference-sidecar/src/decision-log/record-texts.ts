import { ATTACK_CLASSES } from "../bundle.ts";
import { MODES } from "../policy/policy.ts";
import { jsonText } from "./json-text.ts";
import { asciiBytes } from "./line-bytes.ts";
import { CHECKS } from "./record.ts";
import { EFFECTS, SCORED_BY } from "./wire-record.ts";

/** Texts of a record as its line has them, each cut at so many UTF-16 units. */
export const texts = {
  apiKey: jsonText(64),
  decoding: jsonText(32),
  ended: jsonText(64),
  field: jsonText(96),
  grant: jsonText(160),
  issuer: jsonText(128),
  method: jsonText(32),
  reason: jsonText(64),
  route: jsonText(128),
  shape: jsonText(512),
  sub: jsonText(128),
  token: jsonText(48),
  workload: jsonText(256),
};

/** JSON of each set of checks, by its bits. */
export const checkSets = Array.from({ length: 1 << CHECKS.length }, (_, bits) =>
  asciiBytes(JSON.stringify(CHECKS.filter((_, bit) => (bits & (1 << bit)) !== 0))),
);
// JSON of the names of enums, and behind them what a later release may add.
export const [effects, rungs, scorers, classes] = [EFFECTS, MODES, SCORED_BY, ATTACK_CLASSES].map((names) =>
  [...names, "unknown"].map((name) => asciiBytes(JSON.stringify(name))),
) as [Buffer[], Buffer[], Buffer[], Buffer[]];
/** Only it knows classes. */
export const MODEL = SCORED_BY.indexOf("model");

/** JSON of an enum's name. */
export function nameIn(names: readonly Buffer[], value: number): Buffer {
  return names[Math.min(value >>> 0, names.length - 1)] as Buffer;
}
