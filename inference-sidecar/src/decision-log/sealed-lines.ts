import { addLine, type ChainEnd, hashOf } from "./chain.ts";
import { LineBytes } from "./line-bytes.ts";

/** Lines as they go into a file, each with a line feed, and where the chain stands behind them. */
export interface SealedLines {
  /** Good until the next lines are sealed. */
  readonly bytes: Buffer;
  readonly end: ChainEnd;
}

const LINE_FEED = 0x0a;

/** Seals records: each becomes a line that holds the hash of the one before. */
export class Sealer {
  readonly #out = new LineBytes();

  seal(records: readonly object[], start: ChainEnd): SealedLines {
    const out = this.#out;
    out.clear();
    const end = { ...start };
    for (const record of records) {
      const begin = out.length;
      addLine(out, end, record);
      end.n += 1;
      end.hash = hashOf(out.from(begin));
      out.byte(LINE_FEED);
    }
    return { bytes: out.from(0), end };
  }
}
