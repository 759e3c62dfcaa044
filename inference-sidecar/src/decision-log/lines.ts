import { createReadStream } from "node:fs";

export interface Line {
  readonly text: string;
  /** Where it ends in the file, its line feed included, in bytes. */
  readonly end: number;
  /** Its bytes when the file ends without a line feed after it, else 0. */
  readonly torn: number;
}

const LINE_FEED = 0x0a;

/** The lines of a file from a byte on. */
export async function* readLines(path: string, start = 0): AsyncGenerator<Line> {
  let end = start;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    for (let stop = rest.indexOf(LINE_FEED); stop >= 0; stop = rest.indexOf(LINE_FEED, at)) {
      end += stop + 1 - at;
      yield { text: rest.toString("utf8", at, stop), end, torn: 0 };
      at = stop + 1;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), end: end + rest.length, torn: rest.length };
}
