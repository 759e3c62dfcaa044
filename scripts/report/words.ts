import type { Stage } from "../../inference-sidecar/src/maturity/gate.ts";

/** In percent, rounded down: "100 %" means all of it. */
export function share(part: number, of: number): string {
  if (of === 0) return "–";
  const tenths = Math.floor((part * 1000) / of);
  return tenths === 1000 ? "100 %" : `${(tenths / 10).toFixed(1)} %`;
}

export function stageName(stage: Stage): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}

/** With separators at the thousands, whatever the locale. */
export function amount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
