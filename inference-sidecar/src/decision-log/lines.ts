import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";

export interface Line {
  /** Empty where its bytes are no UTF-8: other bytes would be read as the same text. */
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
  /** Of a line whose end has not come yet. */
  let begun: Buffer[] = [];
  for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
    let at = 0;
    for (let stop = chunk.indexOf(LINE_FEED); stop >= 0; stop = chunk.indexOf(LINE_FEED, at)) {
      const rest = chunk.subarray(at, stop);
      const bytes = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      end += bytes.length + 1;
      yield { text: textOf(bytes), end, torn: 0 };
      at = stop + 1;
    }
    if (at < chunk.length) begun.push(chunk.subarray(at));
  }
  const torn = Buffer.concat(begun);
  if (torn.length > 0) yield { text: textOf(torn), end: end + torn.length, torn: torn.length };
}

function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString("utf8") : "";
}
