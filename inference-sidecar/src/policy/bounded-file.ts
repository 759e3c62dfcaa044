import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { fileErrorText } from "../file-error.ts";

/** Why a file was not read. */
export class FileRefusal extends Error {
  readonly code: "file_unreadable" | "file_too_large" | "file_encoding";
  readonly expected: string;

  constructor(code: FileRefusal["code"], message: string, expected: string) {
    super(message);
    this.code = code;
    this.expected = expected;
  }
}

/**
 * Text of a regular file of at most `limit` bytes. Throws `FileRefusal`.
 * @param ignoreBOM a byte order mark at its beginning is part of the text
 */
export async function readBoundedText(path: string, limit: number, ignoreBOM = false): Promise<string> {
  const bytes = await readBounded(path, limit).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof FileRefusal) throw error;
    const words = fileErrorText(error);
    const said = words === error.message ? `${path} can't be read (${error.code ?? words})` : words;
    throw new FileRefusal("file_unreadable", said, "a readable file");
  });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    throw new FileRefusal("file_encoding", `${path} is not UTF-8`, "UTF-8 text");
  }
}

async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  // O_NONBLOCK: a named pipe is refused below instead of being waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new FileRefusal("file_unreadable", `${path} is not a regular file`, "a regular file");
    const bytes = Buffer.alloc(limit + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= limit; length += read) {
      ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length, length));
    }
    if (length > limit) throw new FileRefusal("file_too_large", `${path} is too large`, `at most ${limit} bytes`);
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
