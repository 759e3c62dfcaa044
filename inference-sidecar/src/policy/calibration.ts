import { readBundle, type Thresholds } from "../bundle.ts";

/** Benign requests that a bundle's screen and model never saw, and how far they lie above its thresholds. */
export interface Calibration {
  readonly thresholds: Thresholds;
  /** How many requests there were. */
  readonly requests: number;
  /**
   * The largest offsets, descending, in thousandths of a logit, where the model is asked when the screen is unsure or
   * always: `models/calibrate.py` says what an offset is.
   */
  readonly offsets: Readonly<Record<"unsure" | "always", readonly number[]>>;
}

const VERSION = 1;

/** Null: the bundle brings none. @throws Error it can't be read, or is not what the manifest says it is */
export async function readCalibration(bundleDirectory: string): Promise<Calibration | null> {
  const { thresholds, calibration } = await readBundle(bundleDirectory);
  if (calibration === null) return null;
  const { version, requests, unsure, always } = JSON.parse(calibration.toString("utf8"));
  if (version !== VERSION || !Number.isSafeInteger(requests) || !isDescending(unsure) || !isDescending(always))
    throw new Error(`the calibration of ${bundleDirectory} is not one of version ${VERSION}`);
  return { thresholds, requests, offsets: { unsure, always } };
}

function isDescending(offsets: unknown): offsets is number[] {
  return (
    Array.isArray(offsets) &&
    offsets.length > 0 &&
    offsets.every((offset, index) => Number.isSafeInteger(offset) && (index === 0 || offset <= offsets[index - 1]))
  );
}
