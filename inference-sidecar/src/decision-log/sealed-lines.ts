import { type ChainEnd, hashOf, lineAfter } from "./chain.ts";

/** Lines as they go into a file, each with a line feed, and where the chain stands behind them. */
export interface SealedLines {
  /** Good until the next lines are sealed. */
  readonly bytes: Buffer;
  readonly end: ChainEnd;
}

const KEPT_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
/** UTF-8 of a UTF-16 unit at most. */
const UNIT_BYTES = 3;

/** Seals records into memory of its own, used again and again: what is made anew for each batch, the collector pays for. */
export class Sealer {
  readonly #kept = Buffer.allocUnsafeSlow(KEPT_BYTES);

  seal(records: readonly object[], start: ChainEnd): SealedLines {
    let bytes: Buffer = this.#kept;
    let length = 0;
    let end = start;
    for (const record of records) {
      const line = lineAfter(end, record);
      const room = length + line.length * UNIT_BYTES + 1;
      if (room > bytes.length) bytes = grown(bytes, length, room);
      const begin = length;
      length += bytes.write(line, begin);
      end = { n: end.n + 1, hash: hashOf(bytes.subarray(begin, length)) };
      bytes[length++] = LINE_FEED;
    }
    return { bytes: bytes.subarray(0, length), end };
  }
}

/** Twice as much, for these lines only. */
function grown(bytes: Buffer, length: number, room: number): Buffer {
  const more = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, room));
  bytes.copy(more, 0, 0, length);
  return more;
}
