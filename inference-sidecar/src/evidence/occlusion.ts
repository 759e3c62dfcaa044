import type { AttackScore } from "../attack-score.ts";

/** Which bytes of a window carried its score. */
export interface Explanation extends AttackScore {
  /** Byte ranges of the window, ascending; at most four, neighbours joined. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  /** What the score would have been with spaces in their place. */
  readonly withoutMillionths: number;
}

/** At most so many windows are scored at a time. */
export const SEGMENTS_MOST = 16;
const SPANS_MOST = 4;
const SPACE = 0x20;

/**
 * Explains a score by occlusion (Zeiler and Fergus, 2014): the window is cut where words and signs meet, and the piece
 * whose absence lowers the score most is taken out, until the score is below `enough` or four are out. At most 65 windows
 * are scored, 16 at a time.
 */
export async function explain(
  window: Uint8Array,
  enough: number,
  score: (windows: readonly Uint8Array[]) => Promise<readonly AttackScore[]>,
): Promise<Explanation> {
  const segments = segmentsOf(window);
  const [whole] = await score([window]);
  if (whole === undefined) throw new RangeError("a window has no score");
  const taken: Segment[] = [];
  let lowest = whole.attackMillionths;
  while (taken.length < SPANS_MOST && lowest >= enough) {
    const left = segments.filter((segment) => !taken.includes(segment));
    if (left.length === 0) break;
    const scores = await score(left.map((segment) => without(window, [...taken, segment])));
    const { best, millionths } = leastOf(left, scores);
    if (best === undefined || millionths >= lowest) break;
    taken.push(best);
    lowest = millionths;
  }
  return { ...whole, spans: joined(taken), withoutMillionths: lowest };
}

interface Segment {
  readonly start: number;
  readonly end: number;
}

/** At most 16 runs of word characters or of others, a space with what stands before it; the shortest neighbours are joined. */
export function segmentsOf(window: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let start = 0, at = 1; at <= window.length; at++) {
    const byte = window[at];
    if (byte !== undefined && (byte === SPACE || isWord(byte) === isWord(window[at - 1] as number))) continue;
    segments.push({ start, end: at });
    start = at;
  }
  while (segments.length > SEGMENTS_MOST) {
    const lengths = segments.slice(1).map((segment, index) => segment.end - (segments[index] as Segment).start);
    const shortest = lengths.indexOf(Math.min(...lengths));
    const { start } = segments[shortest] as Segment;
    segments.splice(shortest, 2, { start, end: (segments[shortest + 1] as Segment).end });
  }
  return segments;
}

function isWord(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte >= 0x80;
}

function without(window: Uint8Array, segments: readonly Segment[]): Uint8Array {
  const occluded = Uint8Array.from(window);
  for (const { start, end } of segments) occluded.fill(SPACE, start, end);
  return occluded;
}

function leastOf(segments: readonly Segment[], scores: readonly AttackScore[]) {
  const millionths = Math.min(...scores.map(({ attackMillionths }) => attackMillionths));
  return { best: segments[scores.findIndex(({ attackMillionths }) => attackMillionths === millionths)], millionths };
}

function joined(segments: readonly Segment[]): Segment[] {
  const spans: Segment[] = [];
  for (const segment of segments.toSorted((a, b) => a.start - b.start)) {
    const last = spans.at(-1);
    if (last?.end === segment.start) spans[spans.length - 1] = { start: last.start, end: segment.end };
    else spans.push(segment);
  }
  return spans;
}
