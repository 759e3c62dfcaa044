import { AREAS, type Area, type Facts, type Gate, STAGES, type Stage, type Strength, type Units } from "./gate.ts";
import { AREA_NAMES, GATES, NOT_MEASURABLE } from "./gates.ts";

export interface GateResult extends Units {
  readonly id: string;
  readonly stage: Stage;
  readonly function: string;
  readonly says: string;
  readonly needs: Strength;
  /** Share of the units that must hold. */
  readonly share: number;
  /** Units for which it holds as strongly as it needs. */
  readonly holds: number;
  readonly met: boolean;
}

export interface AreaResult {
  readonly area: Area;
  readonly name: string;
  readonly stage: Stage;
  readonly met: number;
  readonly of: number;
  readonly gates: readonly GateResult[];
  /** Functions that can't be seen from here. */
  readonly notMeasurable: readonly string[];
}

export function measureAreas(facts: Facts): AreaResult[] {
  return AREAS.map((area) => {
    const gates = GATES[area].map((gate) => measure(gate, facts));
    return {
      area,
      name: AREA_NAMES[area],
      stage: reachedStage(gates),
      met: gates.filter(({ met }) => met).length,
      of: gates.length,
      gates,
      notMeasurable: NOT_MEASURABLE[area],
    };
  });
}

/** The highest stage of which every gate is met, and every gate of the stages below it. */
function reachedStage(gates: readonly Pick<GateResult, "stage" | "met">[]): Stage {
  let reached: Stage = "traditional";
  for (const stage of STAGES.slice(1)) {
    const own = gates.filter((gate) => gate.stage === stage);
    if (own.length === 0 || own.some(({ met }) => !met)) break;
    reached = stage;
  }
  return reached;
}

/** A gate with nothing to look at is not met: what is not there shows nothing. */
function measure({ measure: count, share = 1, ...gate }: Gate, facts: Facts): GateResult {
  const units = count(facts);
  const holds = units[gate.needs];
  return { ...gate, share, ...units, holds, met: units.of > 0 && holds >= share * units.of };
}
