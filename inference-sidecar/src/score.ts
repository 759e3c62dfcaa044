import type { Admission } from "./admission.ts";
import { type AttackScore, attackScores } from "./attack-score.ts";
import type { Handler } from "./calls.ts";
import type { Configuration } from "./config.ts";
import type { Metrics } from "./metrics.ts";
import type { Models } from "./models/models.ts";
import { ServiceError } from "./service-error.ts";
import type { Window } from "./tokenizer.ts";

/** postern.v1.ScoreRequest */
interface ScoreRequest {
  bundleDigest: Buffer;
  windows: Buffer[];
  edges: number[];
  kinds: number[];
}

/** postern.v1.ScoreResponse */
interface ScoreResponse {
  scores: AttackScore[];
}

export interface ScoreParts {
  readonly limits: Configuration["limits"];
  readonly models: Models;
  readonly admission: Admission;
  readonly metrics: Metrics;
}

const MOST_EDGES = 23;
const MOST_KIND = 63;

/** Evidence for windows, by the bundle that the request names: validate, admit, queue, infer. */
export function scoreHandler(parts: ScoreParts): Handler<ScoreRequest, ScoreResponse> {
  const { limits, models, admission, metrics } = parts;
  return async ({ bundleDigest, windows, edges, kinds }, waiting) => {
    const started = performance.now();
    validate({ windows, edges, kinds }, limits);
    const { queue } = models.find(bundleDigest);
    const release = admission.admit(windows.length);
    try {
      const admittedMs = performance.now() - started;
      const { queueMs, inferMs, ...answer } = await queue.submit(
        windows.map((bytes, index) => windowOf(bytes, edges[index], kinds[index])),
        waiting,
      );
      const scores = attackScores(answer);
      metrics.scoreSeconds.observe({ stage: "admission" }, admittedMs / 1000);
      metrics.scoreSeconds.observe({ stage: "queue" }, queueMs / 1000);
      metrics.scoreSeconds.observe({ stage: "infer" }, inferMs / 1000);
      metrics.scoreSeconds.observe({ stage: "total" }, (performance.now() - started) / 1000);
      return { scores };
    } finally {
      release();
    }
  };
}

function windowOf(bytes: Buffer, edges = 0, kind?: number): Window {
  return kind === undefined ? { bytes, edges } : { bytes, edges, kind };
}

function validate(
  { windows, edges, kinds }: Omit<ScoreRequest, "bundleDigest">,
  limits: Configuration["limits"],
): void {
  if (windows.length < 1 || windows.length > limits.windowsPerCall) {
    throw new ServiceError("invalid_argument", `expected 1 to ${limits.windowsPerCall} windows`);
  }
  if ((edges.length !== 0 && edges.length !== windows.length) || edges.some((edge) => edge > MOST_EDGES)) {
    throw new ServiceError("invalid_argument", `expected edges of 0 to ${MOST_EDGES} for each window, or none`);
  }
  if ((kinds.length !== 0 && kinds.length !== windows.length) || kinds.some((kind) => kind > MOST_KIND)) {
    throw new ServiceError("invalid_argument", `expected kinds of 0 to ${MOST_KIND} for each window, or none`);
  }
  for (const { length } of windows) {
    if (length < 1 || length > limits.windowBytes) {
      throw new ServiceError("invalid_argument", `expected windows of 1 to ${limits.windowBytes} bytes`);
    }
  }
}
