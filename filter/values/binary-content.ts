import { Collector } from "./collector";
import { Container } from "./container";
import { Source } from "./source";
import { MIN_RUN_BYTES, runEnd } from "./text-runs";
import { ValueKind } from "./value";

/** So many runs are values of their own; all further ones together make one more. */
const SINGLE_RUNS = 16;

/** The runs of at least 24 bytes of printable ASCII, whitespace and UTF-8. Linear. */
export function collectTextRuns(collector: Collector, kind: ValueKind, name: Uint8Array, source: Source): void {
  const content = source.text;
  let runs = 0;
  let at = 0;
  while (at < content.length && runs < SINGLE_RUNS) {
    const start = at;
    at = runEnd(content, at);
    if (at - start >= MIN_RUN_BYTES) {
      runs += 1;
      collector.add(kind, name, source, start, at, Container.Raw);
    }
    at += 1;
  }
  collector.add(kind, name, source, at, content.length, Container.TextRuns);
}
