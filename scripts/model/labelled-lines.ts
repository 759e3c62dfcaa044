import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { fileErrorText } from "../../inference-sidecar/src/file-error.ts";
import { UsageError } from "../commands/usage-error.ts";

const LINE_MOST_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null: longer than 32 MiB, and skipped. */
  readonly text: string | null;
}

/**
 * The lines of a file that are not blank, one at a time; unpacked where its name ends in `.gz`.
 * @throws UsageError it can't be read, or is not what its name says
 */
export async function* labelledLines(file: string): AsyncGenerator<Line> {
  const bytes = createReadStream(file);
  const input: Readable = file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes;
  bytes.on("error", (error) => input.destroy(error));
  const line = new LineBuffer();
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        line.add(chunk.subarray(from, end));
        from = end + 1;
        const whole = line.take();
        if (whole !== undefined) yield whole;
      }
      line.add(chunk.subarray(from));
    }
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const isZip = code.startsWith("Z_");
    const why = isZip ? `${file} is not what gzip makes, or not all of it` : fileErrorText(named(error as Error, file));
    throw new UsageError(`${why} [file_unreadable]`);
  }
  const last = line.take();
  if (last !== undefined) yield last;
}

/** Not all errors of a stream say whose they are. */
function named(error: Error, path: string): Error {
  return Object.assign(error, { path });
}

class LineBuffer {
  #parts: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > LINE_MOST_BYTES) this.#parts = [];
    else this.#parts.push(part);
  }

  /** Undefined: a blank one. */
  take(): Line | undefined {
    const text = this.#bytes > LINE_MOST_BYTES ? null : Buffer.concat(this.#parts).toString("utf8").trim();
    this.#parts = [];
    this.#bytes = 0;
    this.#number += 1;
    return text === "" ? undefined : { number: this.#number, text };
  }
}
